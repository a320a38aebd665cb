using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Target;

/// <summary>A var: a name for the value of a field.</summary>
/// <param name="Name">The name.</param>
/// <param name="Object">The object with the field.</param>
/// <param name="FieldPath">The path of the field.</param>
/// <param name="Place">The place of the var, for messages.</param>
internal sealed record Var(string Name, ResId Object, string FieldPath, string Place)
{
    public static Var Read(FieldReader var)
    {
        var target = var.Require("name", "objref", "fieldref").Object("objref") ?? throw var.Error("objref", "an object is required");
        target.Require("apiVersion", "group", "version", "kind", "name", "namespace");
        var gvk = target.Gvk();
        if (target.Text("apiVersion") is { Length: > 0 } apiVersion)
            gvk = apiVersion.Contains('/', StringComparison.Ordinal) ? Gvk.Parse(apiVersion, gvk.Kind) : gvk with { Version = apiVersion };
        var path = var.Object("fieldref")?.Require("fieldPath", "fieldpath").Text("fieldPath") ?? "";
        return new Var(var.RequiredText("name"), new ResId(gvk, target.Text("name"), target.Text("namespace")), path.Length > 0 ? path : "metadata.name", var.Place);
    }
}
