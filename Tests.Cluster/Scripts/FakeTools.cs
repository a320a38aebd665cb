using System.Text.RegularExpressions;
using Tests.Cluster.Clusters;

namespace Tests.Cluster.Scripts;

/// <summary>
/// A PATH of its own with tools that only write down how they were called: what a script would do on a machine that has them. Of the
/// machine's own programs it has the few that any system has.
/// </summary>
internal sealed partial class FakeTools : IDisposable
{
    // `kubectl kustomize` renders nothing here: that the overlays render is tested elsewhere.
    private const string Body = """
        #!/bin/bash
        name=${0##*/}
        printf '%s\n' "$name $*" >>"$FAKE_FOLDER/calls"
        case "$name $*" in
          "docker version"*) echo 28.0.0 ;;
          "docker image inspect"*) grep -q "^docker build.* --tag ${4:-$3} " "$FAKE_FOLDER/built" 2>/dev/null ;;
          "docker build"*) echo "docker $* " >>"$FAKE_FOLDER/built" ;;
          "kind get clusters") cat "$FAKE_FOLDER/made" 2>/dev/null || true ;;
          "k3d cluster list "* | "minikube status"*) [ -f "$FAKE_FOLDER/made" ] ;;
          "minikube profile list"*) [ ! -f "$FAKE_FOLDER/made" ] || echo '{"invalid":[],"valid":[{"Name":"invoicing"}]}' ;;
          "kind create cluster"*) cat >/dev/null; echo "$4" >"$FAKE_FOLDER/made" ;;
          "k3d cluster create"* | "minikube start"*) echo invoicing >"$FAKE_FOLDER/made" ;;
          "minikube update-context"*) echo kubeconfig >"$KUBECONFIG" ;;
          "k3d kubeconfig get"* | "kind get kubeconfig"*) echo kubeconfig ;;
          "kubectl config view --minify"*) printf 'https://127.0.0.1:6443' ;;
          "kubectl get endpointslices"*) echo "6443 172.18.0.2" ;;
          "kubectl get statefulsets,deployments"*) printf 'statefulset.apps/db\ndeployment.apps/service\n' ;;
          "kubectl apply --server-side"*) printf 'one serverside-applied\ntwo serverside-applied\n' ;;
          "kubectl rollout status"*) [ ! -f "$FAKE_FOLDER/stuck" ] || { echo "error: timed out waiting for the condition" >&2; exit 1; } ;;
          "kubectl get pods -n"*) printf 'NAME READY STATUS\nservice-1 0/1 ImagePullBackOff\n' ;;
          "kubectl events"*) echo "Failed to pull image" ;;
          "kubectl logs"*) echo "its last words" ;;
          "kubectl get namespace "*) cat "$FAKE_FOLDER/namespace" 2>/dev/null || true ;;
        esac
        """;

    private static readonly string[] OfAnySystem =
    [
        "bash", "sh", "env", "cat", "find", "sort", "sed", "awk", "cut", "sha256sum", "shasum", "mkdir", "chmod", "rm", "mktemp", "dirname", "basename", "grep", "head", "tail", "sleep", "touch", "tr",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("fake-tools-").FullName;

    /// <summary>Makes the named tools.</summary>
    public FakeTools(params IReadOnlyList<string> tools)
    {
        var bin = Directory.CreateDirectory(Path.Combine(_folder, "bin")).FullName;
        foreach (var name in OfAnySystem)
            if (Tool.Find(name) is { } there)
                File.CreateSymbolicLink(Path.Combine(bin, name), there);
        foreach (var name in tools)
        {
            var path = Path.Combine(bin, name);
            File.WriteAllText(path, Body + "\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Where the script keeps its state.</summary>
    public string State => Path.Combine(_folder, "state");

    /// <summary>What the tools were called with so far, in order: hashes, folders and versions of this run are masked.</summary>
    public IReadOnlyList<string> Calls => File.Exists(Path.Combine(_folder, "calls"))
        ? [.. File.ReadAllLines(Path.Combine(_folder, "calls")).Select(Mask)]
        : [];

    /// <summary>Forgets the calls so far.</summary>
    public void Forget() => File.Delete(Path.Combine(_folder, "calls"));

    /// <summary>Makes every rollout from now on fail.</summary>
    public void LetRolloutsFail() => File.WriteAllText(Path.Combine(_folder, "stuck"), "");

    /// <summary>Says that every namespace is there, and whose it is.</summary>
    public void LetNamespaceBe(string answer) => File.WriteAllText(Path.Combine(_folder, "namespace"), answer);

    /// <summary>Makes the cluster be there already.</summary>
    public void LetClusterBeThere() => File.WriteAllText(Path.Combine(_folder, "made"), "invoicing\n");

    /// <summary>Runs a script of the checkout's root with these tools and no others.</summary>
    public Task<ToolResult> RunAsync(string script, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?>? more = null)
    {
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["PATH"] = Path.Combine(_folder, "bin"),
            ["FAKE_FOLDER"] = _folder,
            ["DEPLOY_STATE"] = State,
        };
        foreach (var name in (string[])["KUBECONFIG", "REGISTRY", "IMAGE_TAG", "OVERLAY", "SDK_IMAGE", "RUNTIME_IMAGE", "DOCKER_BUILD_NETWORK", "DEPLOY_PORT", "DEPLOY_CLUSTER", "DEPLOY_TIMEOUT", "K3S_IMAGE", "INVOICE_APP_URL"])
            environment[name] = null;
        foreach (var (name, value) in more ?? new Dictionary<string, string?>(StringComparer.Ordinal))
            environment[name] = value;
        return Tool.RunAsync(Repository.Path(script), arguments, environment: environment);
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Mask(string call) => SecondsLeft().Replace(Temporary().Replace(ContentTag().Replace(call, "1.0.0-CONTENT"), "artifacts/deploy.FOLDER"), "--timeout LEFT")
        .Replace(State, "STATE", StringComparison.Ordinal)
        .Replace(Repository.Path("."), "ROOT", StringComparison.Ordinal)
        .Replace(Repository.Path("").TrimEnd('/'), "ROOT", StringComparison.Ordinal);

    [GeneratedRegex(@"1\.0\.0-[0-9a-f]{12}")]
    private static partial Regex ContentTag();

    // Of a limit that all workloads share.
    [GeneratedRegex(@"(?<=rollout status \S+ --namespace \S+ )--timeout \d+s")]
    private static partial Regex SecondsLeft();

    [GeneratedRegex(@"artifacts/deploy\.\w+")]
    private static partial Regex Temporary();
}
