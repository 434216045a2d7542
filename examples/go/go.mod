module release

go 1.25.11

require (
	github.com/pulumi-cosjob/pulumi-cosjob/sdk/go v0.1.0
	github.com/pulumi/pulumi/sdk/v3 v3.255.0
)

replace github.com/pulumi-cosjob/pulumi-cosjob/sdk/go => ./sdks/cosjob
