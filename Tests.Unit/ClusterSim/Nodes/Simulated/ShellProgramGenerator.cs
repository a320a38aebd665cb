using System.Globalization;
using System.Text;

namespace ClusterSim.Tests.Nodes.Simulated;

/// <summary>Makes shell programs: good ones by a grammar, and good ones with bytes changed, removed, doubled or swapped.</summary>
internal sealed class ShellProgramGenerator(Random random)
{
    private const int DepthMax = 5;

    private static readonly string[] Corpus =
    [
        "case abc in x) echo x;; a*|b) echo starts;; *) echo other;; esac",
        "greet() { local who=$1; echo \"hi $who\"; return 3; }; who=out; greet you; echo $? $who",
        "cat <<EOF\nhost $HOSTNAME \\$x $(echo in)\nEOF\necho after",
        "cat <<'EOF' | tr a-z A-Z\n$plain\nEOF",
        "x=/a/b/file.tar.gz; echo ${x##*/} ${x%.gz} ${x#/} ${x%%.*} ${x/b/c} ${#x} ${x:1:3} ${none:-d} ${none-e} ${x:+set}",
        "set -eu; trap 'echo bye $?' EXIT; echo ${must:?is missing}",
        "i=5; while :; do i=$((i-1)); [ $i -eq 3 ] && continue; [ $i -lt 2 ] && break; echo $i; done",
        "printf 'a 1\\nb 2\\n' > /tmp/f; while read -r n v; do echo $v-$n; done < /tmp/f",
        "sleep 0.01 & pid=$!; kill $pid; wait $pid; echo $?",
        "yes | head -n 2; seq 3 | tail -n +2; seq 2 -1 1 | sort -rn | uniq -c",
        "echo $((2*(3+4))) $((7/2)) $((x=5)) $x $((x+=2)) $((1<2 ? 8 : 9)) $((-9223372036854775807-1)) $(((-9223372036854775807-1)/-1))",
        "mkdir -p /tmp/d/e; touch /tmp/d/a.txt; cd /tmp/d; echo *.txt [a-c]* ?; ls -l | wc -l; cd ..; rm -r d",
        "f(){ f|f& }; f", "a='eval \"$a\"'; eval \"$a\"", "echo 'sh $0' > /tmp/s; sh /tmp/s", "a=x; while :; do a=$a$a; done",
        "printf '%-5s|%03d|%x|%.2f|%s\\n' ab 7 255 1.5 z; printf '%1000000d' 1 | tail -c 5",
        "printf 'k: v1\\nx: y\\n' | sed -n -e 's/^k: \\(.*\\)$/\\1/p' -e '$d'; echo abc | sed -E 's/(a)(b)/\\2\\1/;s/c/C/'",
        "grep -rnE '^(one|two)+$' /etc -A 1 -B 2; echo abab | grep -o '\\(ab\\)*'; echo a,b,c | cut -d, -f2-",
        "printf 'a b\\nc\\n' | xargs -n1 sh -c 'echo $0'; find /etc -name 'h*' -exec cat {} ;",
        "env -i A=1 sh -c 'echo $A'; timeout 1 sleep 5; expr 3 + 4; expr abc : 'a\\(.\\)'; test ! -e /x -a -d /tmp",
        "tar czf /tmp/a.tgz -C / etc; tar tzf /tmp/a.tgz; base64 /tmp/a.tgz | base64 -d | md5sum",
        "exec > /tmp/log; echo hidden; cat /tmp/log >&2; exec 2>&1; date -d @0 '+%F %T %Z'; stat -c %s /tmp/log; dd if=/dev/zero",
        "{ (echo a; exit 3) || echo b; } 2>/dev/null | { read x; echo \"$x\"; }; ! false; set -- a b c; shift; echo \"$@\" $# \"$*\"",
        "`echo echo` `echo \"a\\`b\"`; IFS=:; for i in a:b $x \"$@\"; do echo ~/$i; done; unset i; type cat; command -v sh; umask; jobs; set -x; set +x",
    ];

    private static readonly string[] Words =
    [
        "a", "$x", "\"$x\"", "'q'", "${x:-d}", "${x##*a}", "${x%a*}", "${x//a/b}", "${#x}", "${x:1:2}", "$((x+1))", "$(echo s)", "`echo t`", "*", "/etc/h*", "[a-z]*", "\\$", "\"a $(echo \"b\") c\"", "~",
        "$@", "\"$@\"", "$#", "$?", "$$", "$!", "-n", "-c", "-1", "0", "999999999999999999999", "=", "!", "{}", "%s", "\u00e9", "$((1/0))", "${", "${}", "$((", "a=b", "-", "--", "''", "/dev/zero", "/tmp/f",
    ];

    private static readonly string[] Names =
    [
        "echo", "printf", "cat", "test", "[", "expr", "seq", "head", "tail", "sort", "uniq", "cut", "tr", "sed", "grep", "wc", "tee", "rev", "tac", "nl", "base64", "md5sum", "xargs", "find", "ls", "mkdir", "rm",
        "cp", "mv", "ln", "chmod", "stat", "du", "df", "tar", "env", "sh", "eval", ".", "set", "shift", "read", "export", "local", "unset", "trap", "wait", "kill", "true", "false", "cd", "pwd", "exit", "return",
        "break", "continue", "timeout", "sleep", "date", "id", "ps", "which", "type", "command", "exec", "f", "busybox", "basename", "dirname", "readlink", "mktemp", "truncate", "touch", "yes", "umask", "jobs", "stty",
    ];

    private static readonly string[] Redirections = [" > /tmp/f", " >> /tmp/f", " < /tmp/f", " 2>&1", " 2>/dev/null", " > /dev/null", " < /dev/zero", " &> /tmp/f", " <<E\n$x $(echo h)\nE\n", " <<'E'\nq\nE\n", " <<-E\n\tt\n\tE\n"];

    private static readonly string[] Pieces = ["(", ")", "{", "}", "$(", "$((", "))", "`", "'", "\"", "\\", "|", "&", ";", ";;", "<<", ">", "\n", "\0", "\u00ff", "if ", "then ", "fi ", "do ", "done ", "case ", "esac", "!", "#", "*", "[", "]"];

    /// <summary>The next program.</summary>
    public string Next() => random.Next(3) switch
    {
        0 => List(0),
        1 => Damaged(Corpus[random.Next(Corpus.Length)]),
        _ => Damaged(List(0)),
    };

    private string Damaged(string program)
    {
        var text = new StringBuilder(program);
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            var at = random.Next(text.Length + 1);
            var length = Math.Min(random.Next(1, 9), text.Length - at);
            switch (random.Next(6))
            {
                case 0:
                    text.Remove(at, length);
                    break;
                case 1:
                    text.Insert(at, text.ToString(at, length));
                    break;
                case 2 when at < text.Length:
                    text[at] = (char)random.Next(1, 256);
                    break;
                case 3:
                    text.Insert(at, Corpus[random.Next(Corpus.Length)]);
                    break;
                case 4:
                    text.Insert(at, string.Concat(Enumerable.Repeat(Pick(Pieces), random.Next(1, 400))));
                    break;
                default:
                    text.Insert(at, Pick(Pieces));
                    break;
            }
        }
        return text.ToString();
    }

    private string List(int depth) => string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => Pipeline(depth) + Pick([";", "\n", " && ", " || ", " & "]))) + "true";

    private string Pipeline(int depth) => (random.Next(8) == 0 ? "! " : "") + string.Join(" | ", Enumerable.Range(0, random.Next(4) == 0 ? random.Next(2, 4) : 1).Select(_ => Command(depth)));

    private string Command(int depth) => depth >= DepthMax ? Simple() : random.Next(14) switch
    {
        0 => $"if {List(depth + 1)}; then {List(depth + 1)}; else {List(depth + 1)}; fi",
        1 => $"while {List(depth + 1)}; do {List(depth + 1)}; break; done",
        2 => $"for x in {ManyWords()}; do {List(depth + 1)}; done",
        3 => $"case {Pick(Words)} in {Pick(Words)}) {List(depth + 1)};; *) {List(depth + 1)};; esac",
        4 => $"({List(depth + 1)})",
        5 => $"{{ {List(depth + 1)}; }}{Pick(Redirections)}",
        6 => $"f() {{ {List(depth + 1)}; }}",
        7 => $"x=$({List(depth + 1)})",
        _ => Simple(),
    };

    private string Simple() => (random.Next(4) == 0 ? $"x={Pick(Words)} " : "") + Pick(Names) + " " + ManyWords() + (random.Next(4) == 0 ? Pick(Redirections) : "");

    private string ManyWords() => string.Join(' ', Enumerable.Range(0, random.Next(5)).Select(_ => random.Next(10) == 0 ? random.Next(-5, 1000).ToString(CultureInfo.InvariantCulture) : Pick(Words)));

    private string Pick(string[] from) => from[random.Next(from.Length)];
}
