using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using ClusterSim.Nodes.Files;
using ClusterSim.Nodes.Images;
using ClusterSim.Nodes.Simulated;
using ClusterSim.Nodes.Simulated.Commands;
using ClusterSim.Tests.Nodes.Files;
using Processes;

namespace ClusterSim.Tests.Nodes.Simulated;

/// <summary>
/// Whatever an archive says, <c>tar</c> in a container ends soon with an exit code, writes nothing outside the container's files and takes no more
/// memory than the archive is worth. Archives are made from a seed by damaging good ones (<see cref="Samples"/>, <c>make fuzz-archives</c>).
/// </summary>
[NonParallelizable] // It measures the memory of the process.
public sealed class MalformedArchiveTests
{
    private const int Archives = 400;
    private const int BlockBytes = 512;

    // Buffers of the copy and of the inflater. One header of a long name could claim 2 GB.
    private const long AllocatedBytesMax = 8 * 1024 * 1024;
    private const long RetainedBytesMax = 32 * 1024 * 1024;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly string[] Arguments = ["x -C /x", "xz -C /x", "t", "xO", "xv -m -C /x"];

    private readonly OutsideFolder _outside = new();
    private TestNodes _nodes = null!;
    private ServiceProcess _process = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _nodes = new TestNodes();
        var image = new WaitingImage();
        _nodes.Images.Add("waiting:1", image);
        _nodes.Pod("pod", """{"containers":[{"name":"main","image":"waiting:1"}]}""");
        _nodes.Settle();
        _process = await image.Started.WaitAsync(Limit);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _nodes.DisposeAsync();
        _outside.Dispose();
    }

    [Test, Category(Samples.Category)]
    public async Task No_archive_makes_tar_crash_hang_grow_or_write_outside()
    {
        var seed = Samples.Seed;
        var count = Samples.Count(Archives);
        var good = Good().ToList();
        await RunAsync(good[0], Arguments[0]);
        var before = Retained();

        for (var number = 0; number < count; number++)
        {
            var random = new Random(unchecked((seed * 486187739) ^ (number * 16777619)));
            var archive = Damaged(random, good);
            var arguments = Arguments[random.Next(Arguments.Length)];
            var allocated = await RunAsync(archive, arguments, $"seed {seed}, archive {number}, tar {arguments}");
            Assert.That(allocated, Is.LessThan(AllocatedBytesMax + (archive.Length * 4L)), $"seed {seed}, archive {number}, tar {arguments}: bytes allocated");
        }

        _outside.AssertUntouched();
        Assert.That(Retained() - before, Is.LessThan(RetainedBytesMax), "bytes retained");
    }

    [TestCase('L', "77777777777")]
    [TestCase('K', "17777777777")]
    [TestCase('x', "07777777777")]
    [TestCase('g', "07777777777")]
    [TestCase('0', "77777777777")]
    [TestCase('L', "base256")]
    [TestCase('0', "base256")]
    public async Task A_header_that_claims_gigabytes_allocates_nothing(char type, string size)
    {
        var header = new byte[BlockBytes * 4];
        Encoding.ASCII.GetBytes("././@LongLink").CopyTo(header, 0);
        Encoding.ASCII.GetBytes("0000644\00000000\00000000\0").CopyTo(header, 100);
        if (size == "base256")
        {
            header[124] = 0x80;
            BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(128), 8L << 30);
        }
        else
        {
            Encoding.ASCII.GetBytes(size).CopyTo(header, 124);
        }
        header[156] = (byte)type;
        Encoding.ASCII.GetBytes("ustar  \0").CopyTo(header, 257);
        Sign(header, 0);

        var allocated = await RunAsync(header, "x -C /x");

        Assert.That(allocated, Is.LessThan(AllocatedBytesMax));
    }

    /// <summary>Runs tar; returns the bytes that it allocated.</summary>
    private async Task<long> RunAsync(byte[] archive, string arguments, string what = "")
    {
        Files.CreateDirectories("/x");
        await using var input = new MemoryStream(archive);
        await using var output = new CountingStream();
        var command = new Command("tar", arguments.Split(' '), _process, input, output, output, _process.Environment, "/");
        // Nothing in it waits: all of it runs on this thread.
        var (thread, before, began) = (Environment.CurrentManagedThreadId, GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
        try
        {
            await TarCommand.RunAsync(command);
        }
        catch (Exception ex)
        {
            Assert.Fail($"{what}: {ex}");
        }
        var allocated = thread == Environment.CurrentManagedThreadId ? GC.GetAllocatedBytesForCurrentThread() - before : 0;
        Assert.That(Stopwatch.GetElapsedTime(began), Is.LessThan(Limit), $"{what}: hangs");
        foreach (var (name, _) in Files.Enumerate("/x").ToList())
            Remove($"/x/{name}");
        return allocated;
    }

    private ContainerFileSystem Files => new Command("tar", [], _process, Stream.Null, Stream.Null, Stream.Null, _process.Environment, "/").Files;

    private void Remove(string path)
    {
        if (Files.LStat(path) is { IsDirectory: true })
        {
            Files.SetMode(path, (UnixFileMode)0x1ff);
            foreach (var (name, _) in Files.Enumerate(path).ToList())
                Remove($"{path}/{name}");
            Files.RemoveDirectory(path);
        }
        else
        {
            Files.Remove(path);
        }
    }

    private IEnumerable<byte[]> Good()
    {
        foreach (var format in (TarEntryFormat[])[TarEntryFormat.V7, TarEntryFormat.Ustar, TarEntryFormat.Pax, TarEntryFormat.Gnu])
        {
            using var archive = new MemoryStream();
            using (var writer = new TarWriter(archive, format, leaveOpen: true))
                foreach (var entry in Entries(format))
                    writer.WriteEntry(entry);
            yield return archive.ToArray();
            using var zipped = new MemoryStream();
            using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true))
                gzip.Write(archive.ToArray());
            yield return zipped.ToArray();
        }
    }

    private IEnumerable<TarEntry> Entries(TarEntryFormat format)
    {
        yield return Entry(TarEntryType.Directory, "d/");
        yield return Entry(format == TarEntryFormat.V7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile, "d/file", "content");
        yield return Entry(TarEntryType.SymbolicLink, "d/link", target: _outside.Path);
        yield return Entry(format == TarEntryFormat.V7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile, "d/link/new", "bad");
        yield return Entry(TarEntryType.HardLink, "d/hard", target: "d/file");
        yield return Entry(TarEntryType.SymbolicLink, "up", target: "../../../../../../../..");
        yield return Entry(TarEntryType.HardLink, "canary", target: $"up{_outside.Path}/canary");
        if (format is TarEntryFormat.Pax or TarEntryFormat.Gnu)
            yield return Entry(TarEntryType.RegularFile, $"d/{string.Join('/', Enumerable.Repeat("long", 40))}/{new string('n', 120)}", new string('c', 2000));

        TarEntry Entry(TarEntryType type, string name, string? content = null, string? target = null)
        {
            TarEntry entry = format switch
            {
                TarEntryFormat.V7 => new V7TarEntry(type, name),
                TarEntryFormat.Ustar => new UstarTarEntry(type, name),
                TarEntryFormat.Pax => new PaxTarEntry(type, name, new Dictionary<string, string>(StringComparer.Ordinal) { ["comment"] = "x" }),
                _ => new GnuTarEntry(type, name),
            };
            entry.Mode = (UnixFileMode)0x1ff;
            if (content is not null)
                entry.DataStream = new MemoryStream(Encoding.ASCII.GetBytes(content));
            if (target is not null)
                entry.LinkName = target;
            return entry;
        }
    }

    private byte[] Damaged(Random random, List<byte[]> good)
    {
        var archive = ((byte[])good[random.Next(good.Count)].Clone()).ToList();
        for (var times = random.Next(1, 6); times > 0 && archive.Count > 0; times--)
            Damage(random, archive, good);
        return [.. archive];
    }

    private void Damage(Random random, List<byte> archive, List<byte[]> good)
    {
        var header = random.Next(Math.Max(1, archive.Count / BlockBytes)) * BlockBytes;
        var hasHeader = header + BlockBytes <= archive.Count;
        switch (random.Next(hasHeader ? 12 : 5))
        {
            case 0:
                archive[random.Next(archive.Count)] = (byte)random.Next(256);
                break;
            case 1:
                archive.RemoveRange(random.Next(archive.Count), 1);
                break;
            case 2:
                var from = random.Next(archive.Count);
                archive.RemoveRange(from, random.Next(archive.Count - from));
                break;
            case 3:
                var cut = random.Next(archive.Count);
                archive.RemoveRange(cut, archive.Count - cut);
                break;
            case 4:
                archive.AddRange(good[random.Next(good.Count)]);
                break;
            case 5:
                Put(header + 156, [(byte)"\0001234567LKxgSDMVN"[random.Next(18)]]);
                break;
            case 6:
                Put(header + 124, Encoding.ASCII.GetBytes(random.Next(3) switch { 0 => "77777777777", 1 => "-0000000001", _ => Convert.ToString(random.Next(100_000), 8).PadLeft(11, '0') }));
                break;
            case 7:
                Put(header + 124, [(byte)(random.Next(2) == 0 ? 0x80 : 0xff), .. Enumerable.Range(0, 11).Select(_ => (byte)random.Next(256))]);
                break;
            case 8:
                Put(header, Encoding.ASCII.GetBytes(random.Next(5) switch { 0 => "/", 1 => "../../../..", 2 => _outside.Path + "/new", 3 => ".", _ => "d/../../x/.~cs-link~d" } + "\0"));
                break;
            case 9:
                Put(header + 157, Encoding.ASCII.GetBytes(random.Next(4) switch { 0 => "/", 1 => _outside.Path + "/canary", 2 => "", _ => "../../../../../../etc/passwd" } + "\0"));
                break;
            case 10:
                Put(header + random.Next(BlockBytes - 8), [.. Enumerable.Range(0, 8).Select(_ => (byte)random.Next(256))]);
                break;
            default:
                archive.InsertRange(header, archive.GetRange(header, BlockBytes));
                break;
        }
        if (hasHeader && header + BlockBytes <= archive.Count && random.Next(5) != 0)
        {
            var bytes = archive.ToArray();
            Sign(bytes, header);
            archive.Clear();
            archive.AddRange(bytes);
        }

        void Put(int at, ReadOnlySpan<byte> bytes)
        {
            for (var i = 0; i < bytes.Length && at + i < archive.Count; i++)
                archive[at + i] = bytes[i];
        }
    }

    /// <summary>Writes a header's checksum, without which nothing else of it is read.</summary>
    private static void Sign(byte[] archive, int header)
    {
        archive.AsSpan(header + 148, 8).Fill((byte)' ');
        var sum = archive.AsSpan(header, BlockBytes).ToArray().Sum(value => value);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(archive, header + 148);
    }

    private static long Retained()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    /// <summary>An image whose program waits, so that others can run as its process.</summary>
    private sealed class WaitingImage : Image
    {
        private readonly TaskCompletionSource<ServiceProcess> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<ServiceProcess> Started => _started.Task;

        public override ImageConfiguration Configuration { get; } = new() { Entrypoint = ["wait"] };

        public override string Digest => "sha256:" + new string('0', 64);

        public override bool KeepsToItsClock => true;

        public override bool TryFindProgram(string name, [NotNullWhen(true)] out ProgramMain? program)
        {
            program = async process =>
            {
                _started.TrySetResult(process);
                var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                await using var stop = process.Stop.Register(stopped.SetResult);
                await stopped.Task;
                return 0;
            };
            return true;
        }
    }

    private sealed class CountingStream : MemoryStream
    {
        // What is listed and shown is not kept.
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
    }
}
