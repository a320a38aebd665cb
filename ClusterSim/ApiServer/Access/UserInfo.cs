namespace ClusterSim.Access;

/// <summary>Who asks: <c>user.Info</c> of <c>k8s.io/apiserver</c>.</summary>
internal sealed record UserInfo(string Name, IReadOnlyList<string> Groups)
{
    /// <summary>The user's uid; empty where it has none.</summary>
    public string Uid { get; init; } = "";

    /// <summary>What else the authenticator knows (a token's pod and node).</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Extra { get; init; } = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);

    /// <summary>The group that may do anything.</summary>
    public const string Masters = "system:masters";

    /// <summary>The group of all who proved who they are.</summary>
    public const string Authenticated = "system:authenticated";

    /// <summary>The API server itself.</summary>
    public static UserInfo ApiServer { get; } = new("system:apiserver", [Masters, Authenticated]);

    /// <summary>Who did not say.</summary>
    public static UserInfo Anonymous { get; } = new("system:anonymous", ["system:unauthenticated"]);

    /// <summary>A service account.</summary>
    public static UserInfo ServiceAccount(string @namespace, string name) => new(
        $"system:serviceaccount:{@namespace}:{name}", ["system:serviceaccounts", $"system:serviceaccounts:{@namespace}", Authenticated]);

    /// <summary>A controller of the controller manager, under the service account the default roles name.</summary>
    public static UserInfo Controller(string name) => ServiceAccount("kube-system", name);

    /// <summary>The controller manager itself, for the controllers that have no account of their own.</summary>
    public static UserInfo ControllerManager { get; } = new("system:kube-controller-manager", [Authenticated]);

    /// <summary>A node's kubelet.</summary>
    public static UserInfo Node(string name) => new($"system:node:{name}", ["system:nodes", Authenticated]);

    /// <summary>The scheduler.</summary>
    public static UserInfo Scheduler { get; } = new("system:kube-scheduler", [Authenticated]);
}
