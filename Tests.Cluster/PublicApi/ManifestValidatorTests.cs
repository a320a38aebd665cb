using ClusterSim.Manifests;
using Tests.Cluster.Clusters;

namespace Tests.Cluster.PublicApi;

/// <summary>Validation of manifests without a cluster.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class ManifestValidatorTests
{
    private readonly ManifestValidator _validator = new();

    [TestCase("k8s/base")]
    [TestCase("k8s/overlays/sim")]
    public void The_manifests_of_this_repository_have_no_errors(string path) => Assert.That(_validator.Validate(Repository.Path(path)), Is.Empty);

    [Test]
    public void Every_error_of_every_manifest_is_returned()
    {
        var errors = Validate("""
            apiVersion: v1
            kind: Service
            metadata: { name: web }
            spec: { selectors: { app: web }, ports: [{ port: 0 }] }
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: { name: fine }
            ---
            apiVersion: v1
            kind: Pod
            metadata: { name: Web }
            spec: { containers: [{ name: main }] }
            ---
            apiVersion: v1
            kind: Nothing
            metadata: { name: a }
            """);

        Assert.That(errors.Select(error => (error.Source, error.Manifest!.Name, error.Code, error.Reason, Fields(error))), Is.EqualTo(new[]
        {
            ("shop.yaml:1 (document 1)", "web", 400, "BadRequest", "spec.selectors"),
            ("shop.yaml:1 (document 1)", "web", 422, "Invalid", "spec.ports[0].port, spec.ports[0].targetPort"),
            ("shop.yaml:10 (document 3)", "Web", 422, "Invalid", "metadata.name, spec.containers[0].image"),
            ("shop.yaml:15 (document 4)", "a", 404, "NotFound", ""),
        }));
        Assert.That(errors[2].ToString(), Does.StartWith("shop.yaml:10 (document 3): Pod \"Web\" is invalid: [metadata.name: Invalid value: \"Web\""));
    }

    [Test]
    public void Objects_of_a_custom_kind_are_validated_by_their_definition()
    {
        var errors = Validate("""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: { name: shops.example.com }
            spec:
              group: example.com
              scope: Namespaced
              names: { kind: Shop, plural: shops }
              versions:
                - name: v1
                  served: true
                  storage: true
                  schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { size: { type: integer, minimum: 1 } } } } } }
            ---
            apiVersion: example.com/v1
            kind: Shop
            metadata: { name: small }
            spec: { size: 0, colour: red }
            ---
            apiVersion: example.com/v1
            kind: Shop
            metadata: { name: large }
            spec: { size: 3 }
            """);

        Assert.That(errors.Select(error => (error.Manifest!.Name, error.Code, Fields(error))), Is.EqualTo(new[] { ("small", 400, "spec.colour"), ("small", 422, "spec.size") }));
    }

    [Test]
    public void A_file_that_cannot_be_read_is_an_error_beside_those_of_other_files()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "a.yaml"), "kind: [\n");
            File.WriteAllText(Path.Combine(folder.FullName, "b.yaml"), "{ apiVersion: v1, kind: Nothing, metadata: { name: a } }");

            var errors = _validator.Validate(folder.FullName);

            Assert.That(errors.Select(error => (Path.GetFileName(error.Source).Split(':')[0], error.Manifest?.Kind)), Is.EqualTo(new (string, string?)[] { ("a.yaml", null), ("b.yaml", "Nothing") }));
            Assert.That(errors[0].ToString(), Does.StartWith(Path.Combine(folder.FullName, "a.yaml")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private IReadOnlyList<ManifestError> Validate(string yaml) => _validator.Validate(Manifest.Parse(yaml, "shop.yaml"));

    private static string Fields(ManifestError error) => string.Join(", ", error.Causes.Select(cause => cause.Field));
}
