using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Access.Rbac;
using ClusterSim.Access.Tokens;
using ClusterSim.Requests;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Registry.Subresources;

/// <summary>
/// <c>serviceaccounts/token</c>: a token of one's choice of audience, expiry and bound object (<c>pkg/registry/core/serviceaccount/storage/token.go</c>).
/// Kubelets get tokens only for their own pods, bound to them (the NodeRestriction plugin's rule, which is asked here since no plugin sees
/// a request that stores nothing).
/// </summary>
internal sealed class TokenRequest(ApiServer server, ServiceAccountTokens tokens) : ISubresource
{
    private const long SecondsMin = 600;
    private const long SecondsMax = 1L << 32;
    private const long SecondsDefault = 3600;

    private static readonly GroupResource ServiceAccounts = new("", "serviceaccounts");

    /// <inheritdoc/>
    public WriteResult Create(in RequestTarget target, JsonObject body, WriteOptions options)
    {
        var account = server.Require(target with { Subresource = null });
        var spec = body.Ensure("spec");
        spec.Default("expirationSeconds", SecondsDefault);
        if (spec["audiences"] is not JsonArray { Count: > 0 })
            spec["audiences"] = new JsonArray([.. tokens.ApiAudiences.Select(audience => (JsonNode)audience)]);
        var metadata = body.Ensure("metadata");
        if (metadata.Text("name") is { Length: > 0 } name && name != account.Name)
            throw KubernetesApiException.BadRequest($"the name of the object ({name}) does not match the name on the URL ({account.Name})");
        if (metadata.Text("namespace") is { Length: > 0 } said && said != account.Namespace)
            throw KubernetesApiException.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        metadata["name"] = account.Name;
        metadata["namespace"] = account.Namespace;
        metadata["uid"] = server.Random.NextUid();
        metadata["creationTimestamp"] = server.Clock.GetUtcNow().Stamp();
        body["apiVersion"] = "authentication.k8s.io/v1";
        body["kind"] = "TokenRequest";
        body.Remove("status");
        var view = body.ToElement();
        Validate(account.Name, view);

        var reference = view.At("spec", "boundObjectRef");
        CheckNode(target, account, reference);
        var bound = reference.Exists() ? Bound(account, reference) : null;
        if (options.FieldManager is { } manager)
            server.Fields.RecordUpdate(body, default, manager, "token", server.Clock.GetUtcNow());
        var seconds = spec.Integer("expirationSeconds") ?? SecondsDefault;
        if (!reference.Exists())
            spec["boundObjectRef"] = null;
        var audiences = view.At("spec", "audiences").Items().Select(item => item.Text("")).ToList();
        body["status"] = Object(
            ("expirationTimestamp", server.Clock.GetUtcNow().AddSeconds(seconds).Stamp()),
            ("token", options.DryRun ? "" : tokens.Issue(account, audiences, seconds, bound)));
        return new WriteResult(Document.Unstored(ServiceAccounts, body), 201, []) { Answer = body };
    }

    private static void Validate(string name, JsonElement request)
    {
        var seconds = request.At("spec", "expirationSeconds").Integer() ?? SecondsDefault;
        var complaint = seconds < SecondsMin ? "may not specify a duration less than 10 minutes"
            : seconds > SecondsMax ? "may not specify a duration larger than 2^32 seconds" : null;
        if (complaint is not null)
            throw KubernetesApiException.Invalid(new("authentication.k8s.io", "v1", "TokenRequest"), name,
                [new FieldError("FieldValueInvalid", "spec.expirationSeconds", $"Invalid value: {seconds}: {complaint}")]);
    }

    private TokenBinding Bound(Document account, JsonElement reference)
    {
        var (version, kind, name, uid) = (
            reference.At("apiVersion").Text(""), reference.At("kind").Text(""), reference.At("name").Text(""), reference.At("uid").Text(""));
        var resource = (version, kind) switch
        {
            ("v1", "Pod") => new GroupResource("", "pods"),
            ("v1", "Secret") => new GroupResource("", "secrets"),
            ("v1", "Node") => new GroupResource("", "nodes"),
            _ => throw KubernetesApiException.BadRequest($"cannot bind token to object of type {version}, Kind={kind}"),
        };
        var found = server.Store.Find(resource, new(kind == "Node" ? null : account.Namespace, name)) ?? throw KubernetesApiException.NotFound(resource, name);
        if (uid.Length > 0 && uid != found.Uid)
            throw KubernetesApiException.Conflict(resource, name,
                $"the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated");
        if (kind == "Pod" && found.Spec.At("serviceAccountName").Text() != account.Name)
            throw KubernetesApiException.BadRequest($"cannot bind token for serviceaccount \"{account.Name}\" to pod running with different serviceaccount name.");
        return new TokenBinding(kind, found);
    }

    private void CheckNode(in RequestTarget target, Document account, JsonElement reference)
    {
        if (NodeAuthorizer.NodeOf(target.User) is not { } node)
            return;
        if (reference.At("kind").Text() != "Pod")
            throw KubernetesApiException.Forbidden(ServiceAccounts, account.Name, "node requested token not bound to a pod");
        var pod = server.Store.Find(new("", "pods"), new(account.Namespace, reference.At("name").Text("")));
        if (pod is not null && pod.NodeName != node)
            throw KubernetesApiException.Forbidden(ServiceAccounts, account.Name, "node requested token bound to a pod scheduled on a different node");
        if (reference.At("uid").Text("").Length == 0)
            throw KubernetesApiException.Forbidden(ServiceAccounts, account.Name, "node requested token with a pod binding without a uid");
    }
}
