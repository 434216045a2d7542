// Command cosjob-sdkgen writes the SDK of one language from a Pulumi schema.
//
// It does what `pulumi package gen-sdk` does, without a language host: the hosts that can be built from modules are too
// old to generate code.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"

	gen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"golang.org/x/mod/modfile"
)

const (
	// tool is what the header of every generated file names.
	tool      = "cosjob-sdkgen"
	pulumiSDK = "github.com/pulumi/pulumi/sdk/v3"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintf(os.Stderr, "usage: %s nodejs|go|python SCHEMA.json OUTDIR\n", tool)
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", tool, err)
		os.Exit(1)
	}
}

func run(language, schemaFile, folder string) error {
	if err := mustBeEmpty(folder); err != nil {
		return err
	}
	loader := schema.NewPluginLoader(nil)
	pkg, err := load(schemaFile, loader)
	if err != nil {
		return err
	}
	var files map[string][]byte
	switch language {
	case "nodejs":
		files, err = nodejs.GeneratePackage(tool, pkg, nil, nil, false, loader)
	case "go":
		files, err = gen.GeneratePackage(tool, pkg, nil)
		if err == nil {
			files["go.mod"], err = requireOurSDK(files["go.mod"])
		}
	case "python":
		files, err = python.GeneratePackage(tool, pkg, nil, loader)
	default:
		err = fmt.Errorf("no generator for %q", language)
	}
	if err != nil {
		return err
	}
	return write(folder, files)
}

// mustBeEmpty keeps files of an earlier schema from staying among the new ones, and other people's files from harm.
func mustBeEmpty(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty", folder)
	}
	return nil
}

// load reads a schema, and takes every warning for an error: nobody would read it.
func load(file string, loader schema.Loader) (*schema.Package, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var raw any
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	// Binding does it too, but on a PackageSpec, where keys that it does not know are gone without a word.
	if err := schema.MetaSchema.Validate(raw); err != nil {
		return nil, fmt.Errorf("%s: %#v", file, err)
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	pkg, diagnostics, err := schema.BindSpec(spec, loader, schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	for _, diagnostic := range diagnostics {
		fmt.Fprintln(os.Stderr, diagnostic.Summary, diagnostic.Detail)
	}
	if len(diagnostics) > 0 {
		return nil, fmt.Errorf("%s: %d problems", file, len(diagnostics))
	}
	return pkg, nil
}

// requireOurSDK raises the SDK that a go.mod requires to the one that this generator was built with. The generator
// itself always writes a version that lacks functions which the generated code calls.
func requireOurSDK(text []byte) ([]byte, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil, errors.New("built without a list of modules")
	}
	file, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return nil, err
	}
	for _, module := range info.Deps {
		if module.Path == pulumiSDK {
			if err := file.AddRequire(pulumiSDK, module.Version); err != nil {
				return nil, err
			}
			return file.Format()
		}
	}
	return nil, fmt.Errorf("built without %s", pulumiSDK)
}

func write(folder string, files map[string][]byte) error {
	for name, content := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			return err
		}
	}
	return nil
}
