using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Machinery;
using ClusterSim.Nodes;
using ClusterSim.Storage;
using ClusterSim.Streaming;

namespace ClusterSim.Tests.Nodes.Simulated;

/// <summary>The simulated busybox's shell and commands: what a program prints (both streams) and its exit code, as busybox 1.36 has them.</summary>
public sealed class ShellTests
{
    [TestCase("case abc in x) echo x;; a*|b) echo starts;; *) echo other;; esac", "starts\n")]
    [TestCase("case \"$HOSTNAME\" in (pod) echo me ;; esac", "me\n")]
    [TestCase("greet() { local who=$1; echo \"hi $who\"; return 3; }; who=out; greet you; echo $? $who", "hi you\n3 out\n")]
    [TestCase("f() { for i in \"$@\"; do echo \"[$i]\"; done; }; f 'a b' c", "[a b]\n[c]\n")]
    [TestCase("cat <<EOF\nhost $HOSTNAME \\$x $(echo in)\nEOF\necho after", "host pod $x in\nafter\n")]
    [TestCase("cat <<'EOF' | tr a-z A-Z\n$plain\nEOF", "$PLAIN\n")]
    [TestCase("x=/a/b/file.tar.gz; echo ${x##*/} ${x%.gz} ${x#/} ${x%%.*} ${x/b/c} ${#x} ${x:1:3} ${none:-d} ${none-e} ${x:+set}", "file.tar.gz /a/b/file.tar a/b/file.tar.gz /a/b/file /a/c/file.tar.gz 16 a/b d e set\n")]
    [TestCase("set -u; echo $nosuch; echo never", "sh: nosuch: parameter not set\n", 2)]
    [TestCase("echo ${must:?is missing}", "sh: must: is missing\n", 2)]
    [TestCase("set -x; echo a b", "+ echo a b\na b\n")]
    [TestCase("set -o pipefail; false | true; echo $?", "1\n")]
    [TestCase("trap 'echo bye $?' EXIT; exit 4", "bye 4\n", 4)]
    [TestCase("i=5; while :; do i=$((i-1)); [ $i -eq 3 ] && continue; [ $i -lt 2 ] && break; echo $i; done", "4\n2\n")]
    [TestCase("for i in 1 2; do for j in a b; do [ $j = b ] && continue 2; echo $i$j; done; done", "1a\n2a\n")]
    [TestCase("printf 'a 1\\nb 2\\n' > /tmp/f; while read -r n v; do echo $v-$n; done < /tmp/f", "1-a\n2-b\n")]
    [TestCase("echo a:b:c | while IFS=: read x y; do echo $y; done", "b:c\n")]
    [TestCase("sleep 100 & pid=$!; kill $pid; wait $pid; echo $?", "143\n")]
    [TestCase("(sleep 1; echo late) & echo early; wait; echo done", "early\nlate\ndone\n")]
    [TestCase("yes | head -n 2; seq 3 | tail -n +2; seq 2 -1 1", "y\ny\n2\n3\n2\n1\n")]
    [TestCase("nosuch", "sh: nosuch: not found\n", 127)]
    [TestCase("/bin/nosuch", "sh: /bin/nosuch: not found\n", 127)]
    [TestCase("echo 'echo script $1' > /tmp/s; /tmp/s; chmod +x /tmp/s; /tmp/s one; sh /tmp/s two; . /tmp/s", "sh: /tmp/s: Permission denied\nscript one\nscript two\nscript\n")]
    [TestCase("sh -c 'echo $0 $1 $#' name x y", "name x 2\n")]
    [TestCase("x=$(false); echo $?; $(exit 7); echo $?", "1\n7\n")]
    [TestCase("echo $((2*(3+4))) $((7/2)) $((x=5)) $x $((x+=2)) $((1<2 ? 8 : 9))", "14 3 5 5 7 8\n")]
    [TestCase("mkdir -p /tmp/d/e; touch /tmp/d/a.txt /tmp/d/b.txt; cd /tmp/d; echo *.txt; echo */; ls -1; ls -d /tmp/*/e; cd ..; pwd", "a.txt b.txt\ne/\na.txt\nb.txt\ne\n/tmp/d/e\n/tmp\n")]
    [TestCase("echo one > /tmp/1; cp /tmp/1 /tmp/2; mv /tmp/2 /tmp/3; cat /tmp/3; cat /tmp/2", "one\ncat: can't open '/tmp/2': No such file or directory\n", 1)]
    [TestCase("mkdir -p /tmp/t/u; echo x > /tmp/t/u/f; cp -r /tmp/t /tmp/v; find /tmp/v -type f; rm -r /tmp/v; ls /tmp/v", "/tmp/v/u/f\nls: /tmp/v: No such file or directory\n", 1)]
    [TestCase("rm /nosuch; rm -f /nosuch; echo $?", "rm: can't remove '/nosuch': No such file or directory\n0\n")]
    [TestCase("ln -s /tmp/target /tmp/link; echo in > /tmp/target; cat /tmp/link; readlink /tmp/link; [ -L /tmp/link ] && echo link", "in\n/tmp/target\nlink\n")]
    [TestCase("ln -s /etc /tmp/etc; cat /tmp/etc/hostname; ln -s /etc/passwd /tmp/p; cat /tmp/p", "pod\ncat: can't open '/tmp/p': No such file or directory\n", 1)]
    [TestCase("echo text > /tmp/m; chmod 640 /tmp/m; stat -c '%a %s %F' /tmp/m; chmod u+x,o=r /tmp/m; stat -c %a /tmp/m", "640 5 regular file\n744\n")]
    [TestCase("printf 'b\\na\\nb\\n' | sort | uniq -c | sort -rn | head -n1 | tr -s ' '", " 2 b\n")]
    [TestCase("printf '%-5s|%03d|%x|%.2f|%s\\n' ab 7 255 1.5 z", "ab   |007|ff|1.50|z\n")]
    [TestCase("printf '%s\\n' a b c", "a\nb\nc\n")]
    [TestCase("printf 'k: v1\\nx: y\\n' | sed -n -e 's/^k: \\(.*\\)$/\\1/p'; echo abc | sed -E 's/(a)(b)/\\2\\1/;s/c/C/'; seq 5 | sed '2,3d;$d'", "v1\nbaC\n1\n4\n")]
    [TestCase("printf 'one\\ntwo\\nthree\\n' > /tmp/g; grep -n t /tmp/g; grep -c e /tmp/g; grep -E '^(one|two)$' /tmp/g | wc -l; grep -q zzz /tmp/g; echo $?; grep -w two /tmp/g /tmp/nosuch", "2:two\n3:three\n2\n2\n1\n/tmp/g:two\ngrep: /tmp/nosuch: No such file or directory\n", 0)]
    [TestCase("echo a,b,c | cut -d, -f2-; echo hello | cut -c1-3; echo x | tee /tmp/t1 | cat - /tmp/t1", "b,c\nhel\nx\nx\n")]
    [TestCase("printf 'a b\\nc\\n' | xargs -n1 echo got; printf '1\\n2\\n' | xargs -I{} echo n{}", "got a\ngot b\ngot c\nn1\nn2\n")]
    [TestCase("echo hi | base64; echo aGkK | base64 -d; printf abc | md5sum; printf abc | sha256sum | cut -c1-8", "aGkK\nhi\n900150983cd24fb0d6963f7d28e17f72  -\nba7816bf\n")]
    [TestCase("cd /tmp; mkdir -p src/sub; echo data > src/sub/f; tar czf a.tgz src; mkdir out; tar xzf a.tgz -C out; cat out/src/sub/f; tar tzf a.tgz", "data\nsrc/\nsrc/sub/\nsrc/sub/f\n")]
    [TestCase("head -c 3 /dev/zero | wc -c; head -c 5 /dev/urandom | wc -c; echo gone > /dev/null", "3\n5\n")]
    [TestCase("env -i A=1 env; A=2 env | grep ^A=; export B=3; sh -c 'echo $B'", "A=1\nA=2\n3\n")]
    [TestCase("id; whoami; id -u; hostname; uname", "uid=0(root) gid=0(root) groups=0(root)\nroot\n0\npod\nLinux\n")]
    [TestCase("ps; echo $$$$", "PID   USER     TIME  COMMAND\n    1 root      0:00 sh -c ps; echo $$\n    2 root      0:00 ps\n1\n")]
    [TestCase("cat /etc/resolv.conf", "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n")]
    [TestCase("if ! test -f /x && [ 1 -lt 2 ] && [[ abc == a* ]]; then echo yes; elif true; then echo no; fi", "yes\n")]
    [TestCase("[ a = b -o c = c ] && echo or; [ ! -e /x -a -d /tmp ] && echo and; [ 1 -eq x ]; echo $?", "or\nand\nsh: x: bad number\n2\n")]
    [TestCase("type cat; command -v sh; command -v nosuch; echo $?", "cat is /bin/cat\n/bin/sh\n127\n")]
    [TestCase("exec > /tmp/log; echo hidden; cat /tmp/log >&2", "hidden\n")]
    [TestCase("echo 'unfinished", "sh: syntax error: unterminated quoted string\n", 2)]
    [TestCase("if true; then echo", "sh: syntax error: unexpected end of file (expecting \"fi\")\n", 2)]
    [TestCase("stty size; tty", "stty: standard input: Not a tty\nnot a tty\n", 1)]
    [TestCase("date -d @0 '+%F %T %Z'; date -u +%H", "1970-01-01 00:00:00 UTC\n08\n")]
    [TestCase("expr 3 + 4; expr length hello; expr abc : 'a\\(.\\)'", "7\n5\nb\n")]
    [TestCase("timeout 1 sleep 5; echo $?", "143\n")]
    [TestCase("busybox echo hi; busybox nosuch", "hi\nbusybox: nosuch: applet not found\n", 127)]
    [TestCase("ping -c1 x", "ping: the simulator's network carries TCP alone, no ICMP: ask with nc -z HOST PORT, or wget\n", 1)]
    public async Task A_program_prints_what_busybox_prints(string program, string output, int exitCode = 0)
    {
        await using var nodes = new TestNodes();

        var command = new JsonArray("sh", "-c", program).ToJsonString();
        nodes.Pod("pod", $$"""{"restartPolicy":"Never","containers":[{"name":"main","image":"busybox:1.36","command":{{command}}}]}""");
        nodes.Advance(3);

        Assert.That(await nodes.Log("pod"), Is.EqualTo(output));
        Assert.That(nodes.ContainerStatus("pod").GetProperty("state").GetProperty("terminated").GetProperty("exitCode").GetInt32(), Is.EqualTo(exitCode));
    }

    [TestCase("touch /x", "touch: /x: Read-only file system\n")]
    [TestCase("mkdir /x", "mkdir: can't create directory '/x': Read-only file system\n")]
    [TestCase("rm /etc/hosts", "rm: can't remove '/etc/hosts': Read-only file system\n")]
    [TestCase("cp /etc/hosts /x", "cp: can't create '/x': Read-only file system\n")]
    [TestCase("echo a > /x", "sh: can't create /x: Read-only file system\n")]
    [TestCase("echo a | tee /x", "tee: Read-only file system\n")]
    [TestCase("tar cf /x /etc/hosts", "tar: Read-only file system\n")]
    [TestCase("cd /data && echo a > b && cat b && [ -w /data ] && [ ! -w /etc ] && exit 1", "a\n")]
    public async Task A_read_only_root_refuses_every_program_that_writes_and_mounts_do_not(string program, string output)
    {
        await using var nodes = new TestNodes();

        var command = new JsonArray("sh", "-c", program).ToJsonString();
        nodes.Pod("pod", $$"""
            {"restartPolicy":"Never","volumes":[{"name":"data","emptyDir": {} }],
             "containers":[{"name":"main","image":"busybox:1.36","command":{{command}},"securityContext":{"readOnlyRootFilesystem":true},"volumeMounts":[{"name":"data","mountPath":"/data"}]}] }
            """);
        nodes.Advance(1);

        Assert.That(await nodes.Log("pod"), Is.EqualTo(output));
        Assert.That(nodes.ContainerStatus("pod").GetProperty("state").GetProperty("terminated").GetProperty("exitCode").GetInt32(), Is.EqualTo(1));
    }

    [Test]
    public async Task Another_user_than_root_may_write_into_mounts_and_tmp_alone()
    {
        await using var nodes = new TestNodes();

        nodes.Pod("pod", """
            {"restartPolicy":"Never","securityContext":{"runAsUser":1000,"runAsGroup":3000},"volumes":[{"name":"data","emptyDir":{}}],
             "containers":[{"name":"main","image":"busybox:1.36","command":["sh","-c","id; touch /x; echo a > /tmp/a && echo b > /data/b && cat /tmp/a /data/b; whoami"],"volumeMounts":[{"name":"data","mountPath":"/data"}]}]}
            """);
        nodes.Advance(1);

        Assert.That(await nodes.Log("pod"), Is.EqualTo("uid=1000 gid=3000 groups=3000\ntouch: /x: Permission denied\na\nb\nwhoami: unknown uid 1000\n"));
    }

    [Test]
    public async Task Bytes_that_are_no_text_pass_through_files_and_pipes_unchanged()
    {
        await using var nodes = new TestNodes();
        var pod = nodes.Pod("pod", """{"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"]}]}""");
        nodes.Settle();
        var bytes = new byte[300_000];
        new System.Random(1).NextBytes(bytes);

        using var output = new MemoryStream();
        var code = await nodes.Pool.Find("node-1")!.ExecAsync(
            pod, "main", ["sh", "-c", "cat > /tmp/b; cat /tmp/b | tee /tmp/c | cat"], new ContainerStreams(new MemoryStream(bytes), output, null, false), CancellationToken.None);

        Assert.That(code, Is.Zero);
        Assert.That(output.ToArray(), Is.EqualTo(bytes));
    }

    [Test]
    public async Task A_shell_without_a_terminal_reads_commands_line_by_line_and_lets_them_read_what_follows()
    {
        await using var nodes = new TestNodes();
        var pod = nodes.Pod("pod", """{"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"]}]}""");
        nodes.Settle();

        using var output = new MemoryStream();
        using var error = new MemoryStream();
        var program = "x=1\nread line\nthis is data\necho \"$x $line\"\nif true\nthen echo whole\nfi\nexit 5\necho never\n";
        var code = await nodes.Pool.Find("node-1")!.ExecAsync(
            pod, "main", ["sh"], new ContainerStreams(new MemoryStream(Encoding.UTF8.GetBytes(program)), output, error, false), CancellationToken.None);

        Assert.That(Encoding.UTF8.GetString(error.ToArray()), Is.Empty);
        Assert.That(Encoding.UTF8.GetString(output.ToArray()), Is.EqualTo("1 this is data\nwhole\n"));
        Assert.That(code, Is.EqualTo(5));
    }

    [Test]
    public async Task A_debugger_sees_the_processes_of_the_container_that_it_targets()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("pod", """{"containers":[{"name":"main","image":"busybox:1.36","command":["sh","-c","trap 'exit 3' TERM; while :; do sleep 1; done"],"securityContext":{"runAsUser":1000}},{"name":"other","image":"busybox:1.36","command":["sleep","7200"]}]}""");
        nodes.Settle();

        nodes.Change("pods", "default", "pod", pod =>
        {
            pod["spec"]!["ephemeralContainers"] = new JsonArray(
                JsonNode.Parse("""{"name":"look","image":"busybox:1.36","command":["sh","-c","ps; kill 1; sleep 60"],"targetContainerName":"main"}"""),
                JsonNode.Parse("""{"name":"alone","image":"busybox:1.36","command":["ps"]}"""));
            return true;
        });
        nodes.Advance(3);

        Assert.That(await nodes.Log("pod", "look"), Is.EqualTo("PID   USER     TIME  COMMAND\n    1 1000      0:00 sh -c trap 'exit 3' TERM; while :; do sleep 1; done\n    2 root      0:00 sh -c ps; kill 1; sleep 60\n    3 root      0:00 ps\n"));
        Assert.That(await nodes.Log("pod", "alone"), Is.EqualTo("PID   USER     TIME  COMMAND\n    1 root      0:00 ps\n"));
        Assert.That(nodes.ContainerStatus("pod").At("lastState", "terminated", "exitCode").Integer(), Is.EqualTo(3), "its signals reach them");
        Assert.That(nodes.ContainerStatus("pod", 1).GetProperty("restartCount").GetInt32(), Is.Zero);
    }

    [Test]
    public async Task Containers_that_share_their_processes_see_and_kill_each_other_s()
    {
        await using var nodes = new TestNodes();

        nodes.Pod("pod", """
            {"shareProcessNamespace":true,"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"]},
             {"name":"other","image":"busybox:1.36","command":["sh","-c","ps; kill -9 1; kill -9 2; sleep 1; ps | grep -c '^ *[12] '; sleep 9999"]}]}
            """);
        nodes.Advance(5);

        Assert.That(await nodes.Log("pod", "other"), Does.StartWith("PID   USER     TIME  COMMAND\n    1 65535     0:00 /pause\n    2 root      0:00 sleep 3600\n    3 root      0:00 sh -c ps;").And.EndWith("    4 root      0:00 ps\n1\n"));
        Assert.That(nodes.ContainerStatus("pod").At("lastState", "terminated", "exitCode").Integer(), Is.EqualTo(137));
    }

    [Test]
    public async Task A_user_s_groups_are_those_that_the_pod_gives_it()
    {
        await using var nodes = new TestNodes();

        nodes.Pod("pod", """
            {"restartPolicy":"Never","securityContext":{"runAsUser":1000,"fsGroup":2000,"supplementalGroups":[4000]},"containers":[{"name":"main","image":"busybox:1.36","command":["sh","-c","id; id -G"]}]}
            """);
        nodes.Advance(1);

        Assert.That(await nodes.Log("pod"), Is.EqualTo("uid=1000 gid=0(root) groups=0(root),2000,4000\n0 2000 4000\n"));
    }

    [Test]
    public async Task Df_tells_of_every_mount_also_of_a_file_and_of_nothing_of_the_machine_s_paths()
    {
        await using var nodes = new TestNodes();
        nodes.Put("v1", "ConfigMap", "default", "settings", ("data", new JsonObject { ["a"] = "1" }));

        nodes.Pod("pod", """
            {"restartPolicy":"Never","volumes":[{"name":"settings","configMap":{"name":"settings"}}],
             "containers":[{"name":"main","image":"busybox:1.36","command":["sh","-c","df | tr -s ' ' | cut -d' ' -f6"],
               "volumeMounts":[{"name":"settings","mountPath":"/etc/one","subPath":"a"},{"name":"settings","mountPath":"/all"}]}]}
            """);
        nodes.Advance(1);

        Assert.That(await nodes.Log("pod"), Does.Contain("\n/\n").And.Contain("\n/all\n").And.Contain("\n/etc/one\n").And.Not.Contain("df:"));
    }
}
