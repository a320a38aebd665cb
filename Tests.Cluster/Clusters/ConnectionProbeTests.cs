namespace Tests.Cluster.Clusters;

/// <summary>When <see cref="ConnectionProbe"/> calls a connection denied, and when it tries again.</summary>
public sealed class ConnectionProbeTests
{
    private static readonly (string Host, int Port)[] Two = [("10.0.0.1", 8081), ("10.0.0.2", 5432)];

    [Test]
    public async Task What_is_not_answered_while_all_else_is_answered_quickly_is_denied()
    {
        var shell = new RecordedShell("own\n0\nquarter\n");

        var found = await ConnectionProbe.RunAsync(Two, shell.RunAsync, "a/pod");

        Assert.That(found, Is.EqualTo(new[] { Reachability.Reached, Reachability.NotReachable }));
        Assert.That(shell.Waits, Is.EqualTo(new[] { "2" }));
    }

    [TestCase("own\nquarter\n0\n", TestName = "An_answer_that_comes_late_makes_it_wait_longer")]
    [TestCase("0\nquarter\nown\n", TestName = "An_own_address_that_answers_late_makes_it_wait_longer")]
    [TestCase("0\nquarter\n", TestName = "An_own_address_that_does_not_answer_makes_it_wait_longer")]
    [TestCase("", TestName = "A_script_that_did_not_run_makes_it_wait_longer")]
    public async Task What_proves_nothing_is_tried_again_with_a_longer_wait(string first)
    {
        var shell = new RecordedShell(first, first, "own\n0\n1\nquarter\n");

        var found = await ConnectionProbe.RunAsync(Two, shell.RunAsync, "a/pod");

        Assert.That(found, Is.All.EqualTo(Reachability.Reached));
        Assert.That(shell.Waits, Is.EqualTo(new[] { "2", "4", "8" }));
    }

    [Test]
    public async Task Where_all_are_reached_the_time_does_not_matter()
    {
        var shell = new RecordedShell("quarter\n0\n1\nown\n");

        Assert.That(await ConnectionProbe.RunAsync(Two, shell.RunAsync, "a/pod"), Is.All.EqualTo(Reachability.Reached));
        Assert.That(shell.Waits, Is.EqualTo(new[] { "2" }));
    }

    [Test]
    public void A_pod_that_never_proves_anything_is_an_error_and_no_verdict()
    {
        var shell = new RecordedShell("0\nquarter\n");

        Assert.That(
            () => ConnectionProbe.RunAsync(Two, shell.RunAsync, "a/pod"),
            Throws.InstanceOf<AssertionException>().With.Message.StartsWith("connections from a/pod cannot be judged: within 32 s"));
    }

    [Test]
    public void The_script_tries_the_own_address_and_each_target_and_marks_a_quarter_of_the_wait() =>
        Assert.That(ConnectionProbe.Script(Two, 2), Is.EqualTo("""
            timeout 2 nc -z -w 2 $POD_IP 8080 2>/dev/null && echo own &
            timeout 2 nc -z -w 2 10.0.0.1 8081 2>/dev/null && echo 0 &
            timeout 2 nc -z -w 2 10.0.0.2 5432 2>/dev/null && echo 1 &
            sleep 0.5; echo quarter; wait
            """));

    /// <summary>A shell that answers with what it is given, the last again and again.</summary>
    private sealed class RecordedShell(params IReadOnlyList<string> outputs)
    {
        private int _ran;

        public List<string> Waits { get; } = [];

        public Task<string> RunAsync(string script)
        {
            Waits.Add(script.Split(' ')[1]);
            return Task.FromResult(outputs[Math.Min(_ran++, outputs.Count - 1)]);
        }
    }
}
