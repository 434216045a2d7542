module release

go 1.25.11

require (
	example.com/pulumi-cosjob/sdk/go v0.1.0
	github.com/pulumi/pulumi/sdk/v3 v3.255.0
)

replace example.com/pulumi-cosjob/sdk/go => ./sdks/cosjob
