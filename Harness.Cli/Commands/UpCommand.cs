using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using ClusterSim;
using ClusterSim.Manifests;
using ClusterSim.Nodes.Images;
using Harness.Kube;
using Harness.Running;

namespace Harness.Commands;

/// <summary>
/// <c>harness up</c>: a cluster with the system of harness.yaml on it. Starts the host (here, or in the background), applies the manifests, waits
/// until every workload is complete, prints the pods and the URLs. Where a cluster runs already, only the manifests are applied again.
/// </summary>
internal static class UpCommand
{
    private static readonly TimeSpan HostLimit = TimeSpan.FromSeconds(60);
    private const int RolloutSeconds = 120;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    /// <summary>How long a deployment may take where nobody says.</summary>
    public static TimeSpan DefaultLimit { get; } = TimeSpan.FromSeconds(RolloutSeconds);

    /// <summary>The ports asked for; null: those of harness.yaml.</summary>
    public sealed record Ports(int? Api, int? Ingress, UnknownImages UnknownImages = UnknownImages.Refuse)
    {
        /// <summary>None asked for.</summary>
        public static Ports Default { get; } = new(null, null);
    }

    public static Option<int?> ApiPortOption() => NumberOption.Port("--api-port", "The Kubernetes API's port; where not given, that of harness.yaml, or any free one.");

    public static Option<int?> IngressPortOption() => NumberOption.Port("--ingress-port", "The Ingress's port; where not given, that of harness.yaml, or a free one if that is taken.");

    /// <summary><c>--unknown-images</c>.</summary>
    public static Option<string?> UnknownImagesOption()
    {
        var option = new Option<string?>("--unknown-images")
        {
            Description = "What becomes of images nobody published: refuse (ImagePullBackOff; the default), or stub: a listener on the ports the container declares, with tools for exec.",
        };
        option.AcceptOnlyFromAmong("refuse", "stub");
        return option;
    }

    /// <summary>What the option says.</summary>
    public static UnknownImages UnknownImagesOf(string? said) => said == "stub" ? UnknownImages.Stub : UnknownImages.Refuse;

    /// <summary>Tells a running cluster, where the option is given.</summary>
    public static async Task TellUnknownImagesAsync(KubeClient client, string? said, CancellationToken cancellation)
    {
        if (said is not null)
            await client.SendAsync(HttpMethod.Put, "/harness/unknown-images/" + said, null, null, cancellation);
    }

    public static Command Create(CommandContext context)
    {
        var detach = new Option<bool>("--detach", "-d") { Description = "Leave the cluster running in the background; end it with: harness down." };
        var timeout = NumberOption.WithDefault("--timeout", "Seconds to wait until every pod is ready.", RolloutSeconds, 1, 86_400);
        var apiPort = ApiPortOption();
        var ingressPort = IngressPortOption();
        var unknown = UnknownImagesOption();
        var helm = new HelmOptions();
        var command = new Command("up", "Start a cluster with the system of harness.yaml on it and wait until all is ready.") { detach, timeout, apiPort, ingressPort, unknown };
        helm.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var ports = new Ports(parsed.GetValue(apiPort), parsed.GetValue(ingressPort), UnknownImagesOf(parsed.GetValue(unknown)));
            var limit = TimeSpan.FromSeconds(parsed.GetValue(timeout));
            if (parsed.GetValue(detach) && context.Folder.FindRunning() is not null)
            {
                using var client = context.Connect();
                await TellUnknownImagesAsync(client, parsed.GetValue(unknown), cancellation);
            }
            var chart = helm.Read(context, parsed);
            if (parsed.GetValue(detach))
                return await UpDetachedAsync(context, ports, limit, cancellation, chart);
            if (context.Folder.FindRunning() is { } running)
                throw new CommandException($"a cluster is running already (process {running.ProcessId}); end it with: ./harness down");
            var prepared = PrepareAsync(context, chart);
            await using var host = await ClusterHost.StartAsync(
                context.Folder, context.Harness, ports, context.Process, line => context.Error.WriteLine($"harness: {line}"), cancellation);
            await DeployAsync(context, await prepared, limit, cancellation);
            await context.Error.WriteLineAsync("harness: Ctrl-C ends it");
            try
            {
                await ClusterHost.StoppedAsync(cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                await context.Error.WriteLineAsync("harness: stopping");
            }
            return 0;
        });
        return command;
    }

    /// <summary>Starts a host in the background unless one runs, and deploys to it.</summary>
    public static async Task<int> UpDetachedAsync(CommandContext context, Ports ports, TimeSpan limit, CancellationToken cancellation, Func<IReadOnlyList<Manifest>>? chart = null)
    {
        if (context.Folder.FindRunning() is not null)
        {
            await context.Error.WriteLineAsync("harness: the cluster is running: applying the manifests again");
            await DeployAsync(context, await PrepareAsync(context, chart), limit, cancellation);
            return 0;
        }
        var prepared = PrepareAsync(context, chart);
        using var host = LaunchInBackground(context, ports);
        try
        {
            await StartedAsync(context, host, limit < HostLimit ? HostLimit : limit, cancellation);
            await DeployAsync(context, await prepared, limit, cancellation);
            return 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested && !host.HasExited)
        {
            // What this command started goes with it; a cluster that ran before would not have been touched.
            await context.Error.WriteLineAsync($"harness: interrupted: stopping the cluster (process {host.Id})");
            if (!await RunningCluster.StopAsync(host, HostLimit, CancellationToken.None))
                throw new CommandException($"process {host.Id} has not ended within {HostLimit.TotalSeconds:0} s; its log is {context.Folder.LogFile}");
            throw;
        }
    }

    /// <summary>Says where the cluster answers.</summary>
    public static async Task TellWhereAsync(CommandContext context, RunningCluster running)
    {
        const string Api = "Kubernetes";
        var width = running.Urls.Keys.Append(Api).Max(name => name.Length) + 3;
        foreach (var (name, url) in running.Urls)
            await context.Output.WriteLineAsync($"{name.PadRight(width)}{url}");
        await context.Output.WriteLineAsync($"{Api.PadRight(width)}{running.ApiServer}   (export KUBECONFIG={context.Folder.Kubeconfig})");
    }

    /// <summary>What is to be applied, read while the cluster starts.</summary>
    private static Task<(IReadOnlyList<Manifest> Manifests, PublishedImages Images)> PrepareAsync(CommandContext context, Func<IReadOnlyList<Manifest>>? chart)
    {
        var harness = context.Harness;
        PublishedImages.Require(context.Folder, harness);
        return Task.Run(() => (chart is not null ? chart() : ManifestInput.ReadKustomization(context, harness.KustomizationFolder), PublishedImages.Find(context.Folder, harness)));
    }

    private static async Task DeployAsync(
        CommandContext context, (IReadOnlyList<Manifest> Manifests, PublishedImages Images) prepared, TimeSpan limit, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        var (manifests, images) = prepared;
        using var client = context.Connect();
        var namespaces = await ApplyCommand.ApplyAsync(context, client, manifests, images, print: false, cancellation);
        await context.Error.WriteLineAsync($"harness: applied {manifests.Count} objects of {Source(manifests, context)} ({Seconds(began)})");
        var left = await Rollout.WaitAsync(
            client, namespaces, limit, line => context.Error.WriteLine($"harness: {line}"), context.Process.Clock, cancellation);
        if (left.Count > 0)
        {
            await context.Output.WriteAsync(await PodsTable.PrintAsync(client, cancellation));
            throw new CommandException(
                $"after {limit.TotalSeconds:0} s these are not ready: {string.Join(", ", left)}. Look at: ./harness get events -A, ./harness logs -n NAMESPACE POD")
            {
                ExitCode = CommandException.NotReady,
            };
        }
        await context.Error.WriteLineAsync($"harness: every pod is Ready ({Seconds(began)} after the first manifest)");
        await context.Output.WriteLineAsync();
        await context.Output.WriteAsync(await PodsTable.PrintAsync(client, cancellation));
        await context.Output.WriteLineAsync();
        await TellWhereAsync(context, context.Folder.FindRunning() ?? throw new CommandException("the cluster has ended meanwhile"));
    }

    private static string Source(IReadOnlyList<Manifest> manifests, CommandContext context) =>
        manifests is [{ Source: var source }, ..] && source.StartsWith("helm ", StringComparison.Ordinal) ? source.Split(':')[0] : context.Harness.Kustomization;

    private static Process LaunchInBackground(CommandContext context, Ports ports)
    {
        context.Folder.Create();
        // What an earlier one said is not this one's progress.
        File.WriteAllText(context.Folder.LogFile, "");
        var arguments = new List<string> { typeof(UpCommand).Assembly.Location, "serve" };
        if (ports.Api is { } api)
            arguments.AddRange(["--api-port", api.ToString(CultureInfo.InvariantCulture)]);
        if (ports.Ingress is { } ingress)
            arguments.AddRange(["--ingress-port", ingress.ToString(CultureInfo.InvariantCulture)]);
        if (ports.UnknownImages == UnknownImages.Stub)
            arguments.AddRange(["--unknown-images", "stub"]);
        // setsid: the terminal's Ctrl-C and its end are not for the cluster. The shell turns the output over to the log and becomes the host.
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = context.Folder.Root };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("if command -v setsid >/dev/null 2>&1; then exec setsid \"$0\" \"$@\" >\"$HARNESS_LOG\" 2>&1 </dev/null; else exec nohup \"$0\" \"$@\" >\"$HARNESS_LOG\" 2>&1 </dev/null; fi");
        start.ArgumentList.Add(System.Environment.ProcessPath ?? "dotnet");
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["HARNESS_LOG"] = context.Folder.LogFile;
        start.Environment["HARNESS_ROOT"] = context.Folder.Root;
        return Process.Start(start) ?? throw new CommandException("the cluster's process could not be started");
    }

    private static async Task StartedAsync(CommandContext context, Process started, TimeSpan limit, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        var told = 0;
        while (true)
        {
            told = await TellLogAsync(context, told, cancellation);
            if (context.Folder.FindRunning() is not null)
                break;
            if (started.HasExited)
            {
                await TellLogAsync(context, told, cancellation);
                throw new CommandException($"the cluster did not start (exit code {started.ExitCode}); what it said is above, and in {context.Folder.LogFile}");
            }
            if (Stopwatch.GetElapsedTime(began) > limit)
                throw new CommandException($"the cluster did not start within {limit.TotalSeconds:0} s; its log is {context.Folder.LogFile}");
            await Task.Delay(Poll, context.Process.Clock, cancellation);
        }
        await TellLogAsync(context, told, cancellation);
    }

    // What the host says while it starts is the progress.
    private static async Task<int> TellLogAsync(CommandContext context, int told, CancellationToken cancellation)
    {
        if (!File.Exists(context.Folder.LogFile))
            return told;
        await using var log = new FileStream(context.Folder.LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        log.Seek(told, SeekOrigin.Begin);
        using var reader = new StreamReader(log);
        var more = await reader.ReadToEndAsync(cancellation);
        var end = more.LastIndexOf('\n') + 1;
        await context.Error.WriteAsync(more[..end]);
        return told + System.Text.Encoding.UTF8.GetByteCount(more[..end]);
    }

    private static string Seconds(long began) => string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(began).TotalSeconds:0.00} s");
}
