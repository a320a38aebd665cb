using System.IO.Pipelines;
using System.Text;
using System.Threading.Channels;
using ClusterSim.Machinery;
using ClusterSim.Nodes;
using ClusterSim.Storage;
using ClusterSim.Streaming;

namespace ClusterSim.Tests.Nodes.Simulated;

/// <summary><c>kubectl exec -it … sh</c>, without kubectl: what is typed, and what is seen.</summary>
public sealed class TerminalTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Test]
    public async Task A_shell_prompts_echoes_and_ends_with_the_code_that_exit_says()
    {
        await using var session = Session.Start("sh");

        await session.Sees("/ # ");
        await session.TypeAsync("echo $TERM; cd /tmp\r");
        await session.Sees("/ # echo $TERM; cd /tmp\r\nxterm\r\n/tmp # ");
        await session.TypeAsync("exit 3\r");

        Assert.That(await session.ExitCode.WaitAsync(Limit), Is.EqualTo(3));
    }

    [Test]
    public async Task Control_C_ends_what_is_under_way_but_not_the_shell()
    {
        await using var session = Session.Start("sh");
        await session.Sees("/ # ");

        await session.TypeAsync("sleep 1000\r");
        await session.Sees("sleep 1000\r\n");
        await session.TypeAsync("\u0003");
        await session.Sees("^C\r\n/ # ");
        await session.TypeAsync("echo $?\r");
        await session.Sees("130\r\n/ # ");
        await session.TypeAsync("half a li\u0003");
        await session.Sees("half a li^C\r\n/ # ");
        await session.TypeAsync("\u0004");

        Assert.That(await session.ExitCode.WaitAsync(Limit), Is.EqualTo(130));
    }

    [Test]
    public async Task Control_C_ends_a_program_that_is_no_shell_by_its_signal()
    {
        await using var session = Session.Start("sleep", "1000");

        await session.TypeAsync("\u0003");

        Assert.That(await session.ExitCode.WaitAsync(Limit), Is.EqualTo(130));
    }

    [Test]
    public async Task Control_D_ends_the_input_of_a_command_and_then_that_of_the_shell()
    {
        await using var session = Session.Start("sh");
        await session.Sees("/ # ");

        await session.TypeAsync("cat\r");
        await session.TypeAsync("line\r");
        await session.Sees("line\r\nline\r\n");
        await session.TypeAsync("\u0004");
        await session.Sees("line\r\nline\r\n/ # ");
        await session.TypeAsync("\u0004");

        Assert.That(await session.ExitCode.WaitAsync(Limit), Is.Zero);
    }

    [Test]
    public async Task A_line_can_be_edited_and_called_back()
    {
        await using var session = Session.Start("sh");
        await session.Sees("/ # ");

        await session.TypeAsync("ecko é\u007fhi\u001b[D\u001b[D\u001b[D\u001b[D\u007fh\r");
        await session.Sees("\r\nhi\r\n/ # ");
        await session.TypeAsync("wrong\u0015echo again\r");
        await session.Sees("\r\nagain\r\n/ # ");
        await session.TypeAsync("\u001b[A\u001b[A\r");

        await session.Sees("\r\nhi\r\n/ # ", times: 2);
    }

    [Test]
    public async Task A_command_over_several_lines_is_asked_for_with_another_prompt()
    {
        await using var session = Session.Start("sh");
        await session.Sees("/ # ");

        await session.TypeAsync("for i in 1 2\r");
        await session.Sees("for i in 1 2\r\n> ");
        await session.TypeAsync("do echo n$i\r");
        await session.Sees("> do echo n$i\r\n> ");
        await session.TypeAsync("done\r");

        await session.Sees("> done\r\nn1\r\nn2\r\n/ # ");
    }

    [Test]
    public async Task The_size_of_the_terminal_is_what_the_client_says_last()
    {
        await using var session = Session.Start("sh");
        await session.Sees("/ # ");
        await session.Sizes.WriteAsync(new TerminalSize(80, 24));
        await session.Sizes.WriteAsync(new TerminalSize(132, 50));

        await session.TypesUntil("stty size\r", "50 132\r\n");
    }

    [Test]
    public async Task Stty_turns_the_echo_off_and_on()
    {
        await using var session = Session.Start("sh");
        await session.Sees("/ # ");

        await session.TypeAsync("stty -echo; echo re''ady; read secret; stty echo; echo \"<$secret>\"\r");
        await session.Sees("ready\r\n");
        await session.TypeAsync("hidden\r");
        await session.Sees("<hidden>\r\n/ # ");

        Assert.That(session.Screen.Split("hidden"), Has.Length.EqualTo(2), session.Screen);
    }

    /// <summary>One exec with a terminal.</summary>
    private sealed class Session : IAsyncDisposable
    {
        private readonly TestNodes _nodes = new(realTime: true);
        private readonly Pipe _keys = new();
        private readonly Channel<TerminalSize> _sizes = Channel.CreateUnbounded<TerminalSize>();
        private readonly ScreenStream _screen = new();

        private Session(string[] command) => ExitCode = RunAsync(command);

        public Task<int> ExitCode { get; }

        public string Screen => _screen.Text;

        public ChannelWriter<TerminalSize> Sizes => _sizes.Writer;

        public static Session Start(params string[] command) => new(command);

        public async Task TypeAsync(string keys) => await _keys.Writer.WriteAsync(Encoding.UTF8.GetBytes(keys));

        public Task Sees(string text, int times = 1) => Eventually.ThatAsync(() => Screen.Split(text).Length > times, $"'{text}' on the screen");

        /// <summary>Types the keys again and again, until a text is on the screen.</summary>
        public Task TypesUntil(string keys, string text) => Eventually.HoldsAsync(async () =>
        {
            var prompts = Screen.Split("# ").Length;
            await TypeAsync(keys);
            await Eventually.ThatAsync(() => Screen.Split("# ").Length > prompts, "another prompt");
            return Screen;
        }, screen => screen.Contains(text, StringComparison.Ordinal), $"'{text}' is on the screen");

        public async ValueTask DisposeAsync()
        {
            await _keys.Writer.CompleteAsync();
            await ExitCode.WaitAsync(Limit);
            await _nodes.DisposeAsync();
        }

        private async Task<int> RunAsync(string[] command)
        {
            var pod = _nodes.Pod("pod", """{"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"]}]}""");
            await Eventually.ThatAsync(() => _nodes.ContainerStatus("pod").At("state", "running").Exists(), "running");
            var streams = new ContainerStreams(_keys.Reader.AsStream(), _screen, null, true, _sizes.Reader.ReadAllAsync());
            return await _nodes.Pool.Find("node-1")!.ExecAsync(_nodes.Find("pod") ?? pod, "main", command, streams, CancellationToken.None);
        }
    }

    private sealed class ScreenStream : MemoryStream
    {
        private readonly Lock _lock = new();

        public string Text
        {
            get
            {
                lock (_lock)
                    return Encoding.UTF8.GetString(GetBuffer(), 0, (int)Length);
            }
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            lock (_lock)
                Write(buffer.Span);
            return ValueTask.CompletedTask;
        }
    }
}
