using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Benchmarks;

/// <summary>
/// Requests a second of the API over TLS on 16 kept-alive connections, the process's CPU time a request, its memory and the time until it is
/// ready; beside them what a real control plane (kube-apiserver 1.36 with etcd, no fsync, two cores) gave to api_bench.py. Each client has a cluster
/// of its own: first that Python client, which tops out early, then this one, twice, since a server that has just started still compiles.
/// </summary>
internal static class ApiBenchmark
{
    private const int ListCount = 64;
    private const string Collection = "/api/v1/namespaces/default/configmaps";

    private static readonly (string Verb, int Real)[] Verbs = [("GET", 2509), ("POST", 1471), ("PUT", 1138), ("LIST", 37), ("DELETE", 1309)];

    public static async Task<int> RunAsync(string[] arguments)
    {
        var harness = arguments.Length > 0 ? arguments[0] : "artifacts/harness/harness.dll";
        var requests = arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : 3000;
        var connections = arguments.Length > 2 ? int.Parse(arguments[2], CultureInfo.InvariantCulture) : 16;
        var rounds = arguments.Length > 3 ? int.Parse(arguments[3], CultureInfo.InvariantCulture) : 3;
        var python = arguments.Length > 4 ? arguments[4] : "Benchmarks/api_bench.py";
        var failed = false;
        await using (var server = await HarnessServer.StartAsync(harness))
        {
            Console.WriteLine($"api_bench.py, one Python process, on a cluster just started (ready after {server.Ready.TotalSeconds:0.00} s):");
            using var run = Process.Start("python3", [python, server.Kubeconfig, requests.ToString(CultureInfo.InvariantCulture), connections.ToString(CultureInfo.InvariantCulture)]);
            await run.WaitForExitAsync();
            failed |= run.ExitCode != 0;
            Tell(server);
            // Now this client's code is compiled, and the next cluster's figures are its own.
            await SendAsync(server, "GET", requests, connections);
        }
        await using (var server = await HarnessServer.StartAsync(harness))
        {
            Console.WriteLine($"this client, on a cluster just started (ready after {server.Ready.TotalSeconds:0.00} s):");
            for (var round = 1; round <= rounds; round++)
            {
                if (round > 1)
                    Console.WriteLine($"again ({round}):");
                foreach (var (verb, real) in Verbs)
                    failed |= !await MeasureAsync(server, verb, real, requests, connections);
                Tell(server);
            }
        }
        return failed ? 1 : 0;
    }

    /// <summary>
    /// Several builds of harness.dll side by side, each on a cluster of its own, in small turns: on a machine that others use too, this tells them
    /// apart where a figure alone does not.
    /// </summary>
    public static async Task<int> CompareAsync(string[] builds)
    {
        const int rounds = 4, turns = 10, requests = 300, connections = 16;
        var servers = new List<HarnessServer>();
        try
        {
            foreach (var build in builds)
                servers.Add(await HarnessServer.StartAsync(build));
            for (var round = 1; round <= rounds; round++)
            {
                Console.WriteLine(round == 1 ? "just started: requests a second, µs of CPU a request" : $"again ({round}):");
                foreach (var (verb, _) in Verbs)
                {
                    var seconds = new double[servers.Count];
                    var cpu = new double[servers.Count];
                    var count = verb == "LIST" ? 16 : requests;
                    for (var turn = 0; turn < turns; turn++)
                    {
                        for (var i = 0; i < servers.Count; i++)
                        {
                            var (before, began) = (servers[i].Cpu, Stopwatch.GetTimestamp());
                            await SendAsync(servers[i], verb, count, connections, turn * requests);
                            seconds[i] += Stopwatch.GetElapsedTime(began).TotalSeconds;
                            cpu[i] += (servers[i].Cpu - before).TotalMicroseconds;
                        }
                    }
                    Console.WriteLine($"{verb,-7}{string.Join(" | ", Enumerable.Range(0, servers.Count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{turns * count / seconds[i],8:0}/s {cpu[i] / (turns * count),6:0} µs")))}");
                }
                Console.WriteLine($"memory {string.Join(" | ", servers.Select(server => $"{server.Memory.Now} MB, {server.Memory.Peak} MB"))}");
            }
        }
        finally
        {
            foreach (var server in servers)
                await server.DisposeAsync();
        }
        return 0;
    }

    private static async Task<bool> MeasureAsync(HarnessServer server, string verb, int real, int requests, int connections)
    {
        var count = verb == "LIST" ? ListCount : requests;
        var cpu = server.Cpu;
        var began = Stopwatch.GetTimestamp();
        var answers = await SendAsync(server, verb, count, connections);
        var rate = count / Stopwatch.GetElapsedTime(began).TotalSeconds;
        var spent = (server.Cpu - cpu).TotalMicroseconds / count;
        var latencies = answers.Select(answer => answer.Milliseconds).Order().ToList();
        var codes = answers.GroupBy(answer => answer.Code).Select(group => $"{group.Key}: {group.Count()}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{verb,-7}{rate,8:0}/s  p50 {latencies[count / 2],7:0.00} ms  p99 {latencies[count * 99 / 100],7:0.00} ms  CPU {spent,6:0} µs  {rate / real,5:0.0} x a real control plane ({real}/s)  {string.Join(' ', codes)}"));
        return answers.All(answer => answer.Code < 400);
    }

    // As api_bench.py does: the connections are made within what is measured.
    private static async Task<IReadOnlyCollection<(int Code, double Milliseconds)>> SendAsync(HarnessServer server, string verb, int count, int connections, int first = 0)
    {
        var left = new ConcurrentQueue<byte[]>(Enumerable.Range(first, count).Select(number => Request(server.Token, verb, number)));
        var answers = new ConcurrentBag<(int, double)>();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            using var connection = new HttpConnection();
            await connection.ConnectAsync(server.Url, server.Authority);
            while (left.TryDequeue(out var request))
            {
                var sent = Stopwatch.GetTimestamp();
                answers.Add((await connection.SendAsync(request), Stopwatch.GetElapsedTime(sent).TotalMilliseconds));
            }
        })));
        return answers;
    }

    private static void Tell(HarnessServer server)
    {
        var (now, peak) = server.Memory;
        Console.WriteLine($"memory {now} MB, at its highest {peak} MB (a real control plane: 530 MB)");
        Console.WriteLine();
    }

    private static byte[] Request(string token, string verb, int number)
    {
        var name = $"b-{number}";
        var (method, path, body) = verb switch
        {
            "GET" => ("GET", "/api/v1/namespaces/default", ""),
            "POST" => ("POST", Collection, ConfigMap(name, 'v')),
            "PUT" => ("PUT", $"{Collection}/{name}", ConfigMap(name, 'w')),
            "LIST" => ("GET", Collection, ""),
            _ => ("DELETE", $"{Collection}/{name}", ""),
        };
        return Encoding.ASCII.GetBytes(
            $"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }

    private static string ConfigMap(string name, char letter) =>
        $$$"""{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{{name}}}"}, "data": {"k": "{{{new string(letter, 200)}}}"}}""";
}
