using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Access.Tokens;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.ServiceAccounts;

/// <summary>
/// Fills Secrets of type <c>kubernetes.io/service-account-token</c> with a token of the account that they name, the cluster's certificate and the
/// namespace; deletes those whose account is not there (<c>pkg/controller/serviceaccount/tokens_controller.go</c>).
/// </summary>
internal sealed class TokensController : Controller
{
    private readonly ResourceType _secrets;
    private readonly ResourceType _accounts;
    private readonly SecretTokens _tokens;
    private readonly string? _certificate;

    /// <summary>A controller that issues <paramref name="tokens"/> beside <paramref name="certificate"/> (PEM; null: none).</summary>
    public TokensController(ControllerContext context, SecretTokens tokens, string? certificate)
        : base(context)
    {
        (_tokens, _certificate) = (tokens, certificate);
        _secrets = Client.Resource("secrets");
        _accounts = Client.Resource("serviceaccounts");
        context.Informers.Handle(_secrets, change =>
        {
            if (IsToken(change.Document))
                Queue.Add(change.Document.Key);
        });
        context.Informers.Handle(_accounts, change =>
        {
            if (change.Change != StoreChange.Deleted)
                return;
            foreach (var secret in Current(_secrets).All(change.Document.Namespace))
                if (IsToken(secret) && secret.Annotation(SecretTokens.NameAnnotation) == change.Document.Name)
                    Queue.Add(secret.Key);
        });
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_secrets).Find(key) is not { IsDeleting: false } secret || !IsToken(secret))
            return null;
        if (AccountOf(secret) is not { } account)
        {
            Client.Delete(_secrets, key, new DeleteOptions { PreconditionUid = secret.Uid });
            return null;
        }
        var @object = secret.ToObject();
        var data = @object.Ensure("data");
        var annotations = @object.Ensure("metadata").Ensure("annotations");
        var before = secret.ToObject();
        if (_certificate is { } certificate)
            data["ca.crt"] = Encoded(certificate);
        if (data.Text("namespace") is null or "")
            data["namespace"] = Encoded(secret.Namespace!);
        if (data.Text("token") is null or "")
            data["token"] = Encoded(_tokens.Issue(account, secret));
        annotations[SecretTokens.NameAnnotation] = account.Name;
        annotations[SecretTokens.UidAnnotation] = account.Uid;
        if (!JsonNode.DeepEquals(@object, before))
            Client.Update(_secrets, @object);
        return null;
    }

    private Document? AccountOf(Document secret) =>
        Current(_accounts).Find(new ObjectKey(secret.Namespace, secret.Annotation(SecretTokens.NameAnnotation) ?? "")) is { } account
        && (secret.Annotation(SecretTokens.UidAnnotation) is null or "" || secret.Annotation(SecretTokens.UidAnnotation) == account.Uid)
            ? account
            : null;

    private static bool IsToken(Document secret) => secret.Root.At("type").Text() == SecretTokens.SecretType;

    private static string Encoded(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
