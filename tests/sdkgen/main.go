// Command sdkgen writes the SDK for Java or .NET from a Pulumi schema.
//
// The generators of current hosts are not published as modules: these are the last that are.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	"github.com/pulumi/pulumi/pkg/v3/codegen/dotnet"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: sdkgen java|csharp SCHEMA.json OUTDIR")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "sdkgen:", err)
		os.Exit(1)
	}
}

func run(language, schemaFile, folder string) error {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		return err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return err
	}
	pkg, diagnostics, err := schema.BindSpec(spec, schema.NewPluginLoader(nil))
	if err == nil && len(diagnostics) > 0 {
		err = diagnostics
	}
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	switch language {
	case "java":
		files, err = java.GeneratePackage("sdkgen", pkg, nil, false)
	case "csharp":
		// The generator downloads a logo; for a schema without a logo, that of Pulumi.
		http.DefaultTransport = nothing{}
		files, err = dotnet.GeneratePackage("sdkgen", pkg, nil, nil)
	default:
		err = fmt.Errorf("no generator for %q", language)
	}
	if err != nil {
		return err
	}
	return write(folder, files)
}

// nothing responds to every request with an empty document.
type nothing struct{}

func (nothing) RoundTrip(request *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("")), Request: request}, nil
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
