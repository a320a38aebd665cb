using System.Text.Json.Nodes;
using ClusterSim.Access.Rbac;
using ClusterSim.Requests;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Registry.Reviews;

/// <summary>What may I do in this namespace: the rules of <c>kubectl auth can-i --list</c>. The answer does not repeat the question.</summary>
internal sealed class SelfSubjectRulesReview(RbacAuthorizer rbac) : ISubresource
{
    /// <inheritdoc/>
    public WriteResult Create(in RequestTarget target, JsonObject body, WriteOptions options)
    {
        var @namespace = (body["spec"] as JsonObject).Text("namespace");
        if (string.IsNullOrEmpty(@namespace))
            throw KubernetesApiException.BadRequest("no namespace on request");
        var rules = rbac.Index.RulesFor(target.User, @namespace).ToList();
        var answer = Object(
            ("apiVersion", target.Resource.GroupVersion.ToString()),
            ("kind", target.Resource.Kind),
            ("metadata", new JsonObject()),
            ("spec", new JsonObject()),
            ("status", Object(
                ("resourceRules", new JsonArray([.. rules.Where(rule => !rule.Resources.IsEmpty).Select(rule => (rule with { NonResourceUrls = [] }).ToJson())])),
                ("nonResourceRules", new JsonArray([.. rules.Where(rule => !rule.NonResourceUrls.IsEmpty)
                    .Select(rule => (rule with { ApiGroups = [], Resources = [], ResourceNames = [] }).ToJson())])),
                ("incomplete", false))));
        return new WriteResult(Document.Unstored(target.Resource.GroupResource, answer), 201, []) { Answer = answer };
    }
}
