using ClusterSim;
using ClusterSim.Machinery;
using FsCheck;
using FsCheck.Fluent;

namespace ClusterSim.Tests.Schema;

public class SelectorTests
{
    [TestCase("a=b,c!=d,e in (g,f),!h", "a=b,c!=d,e in (f,g),!h")]
    [TestCase(" x , y notin ( 1,2 ) ", "x,y notin (1,2)")]
    [TestCase("n>5,m<3", "m<3,n>5")]
    [TestCase("a==b", "a==b")]
    [TestCase("a=", "a=")]
    [TestCase("in in (in)", "in in (in)")]
    [TestCase("", "")]
    public void A_selector_is_written_canonically(string sent, string written) => Assert.That(LabelSelector.Parse(sent).ToString(), Is.EqualTo(written));

    [TestCase("a in b", "unable to parse requirement: found 'b' expected: '('")]
    [TestCase("a=b,", "found '', expected: identifier after ','")]
    [TestCase("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt")]
    [TestCase("=a", "found '=', expected: !, identifier, or 'end of string'")]
    [TestCase("a>x", "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer")]
    public void What_is_no_selector_is_refused_in_its_words(string sent, string words) =>
        Assert.That(Assert.Throws<KubernetesApiException>(() => LabelSelector.Parse(sent))!.Message, Is.EqualTo(words));

    [TestCase("a in (x,y),!b", "a=x", true)]
    [TestCase("a in (x,y),!b", "a=x b=1", false)]
    [TestCase("a!=x", "", true)]
    [TestCase("n>5", "n=6", true)]
    [TestCase("n>5", "n=five", false)]
    public void A_selector_matches_labels(string selector, string labels, bool matches)
    {
        var map = labels.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(label => label.Split('=')).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        Assert.That(LabelSelector.Parse(selector).Matches(map), Is.EqualTo(matches));
    }

    [Test]
    public void A_selector_means_the_same_when_read_back() => Prop.ForAll(Requirements(), Labels(), (requirements, labels) =>
    {
        var selector = LabelSelector.Of(requirements);
        var back = LabelSelector.Parse(selector.ToString());
        return back.ToString() == selector.ToString() && back.Matches(labels) == selector.Matches(labels);
    }).QuickCheckThrowOnFailure();

    [Test]
    public void Nothing_is_refused_by_an_exception_other_than_ours() => Prop.ForAll(
        Gen.Elements("abz09=!(),<> \t./-_\"\\é".ToCharArray()).ArrayOf().Select(letters => new string(letters)).ToArbitrary(),
        text =>
        {
            try
            {
                _ = LabelSelector.Parse(text);
                _ = FieldSelector.Parse(text);
            }
            catch (KubernetesApiException refusal)
            {
                return refusal.Code == 400;
            }
            return true;
        }).QuickCheckThrowOnFailure();

    [Test]
    public void Field_selectors_escape_what_would_end_them()
    {
        var selector = FieldSelector.Parse(@"metadata.name=a\,b\=c,status.phase!=Running");

        Assert.That(selector.Terms, Is.EqualTo(new[] { new FieldTerm("metadata.name", "a,b=c", true), new FieldTerm("status.phase", "Running", false) }));
        Assert.That(FieldSelector.Parse(selector.ToString()).Terms, Is.EqualTo(selector.Terms));
    }

    private static Arbitrary<Dictionary<string, string>> Labels() => (
        from pairs in Pair().ArrayOf()
        select pairs.DistinctBy(pair => pair.Key).ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal)).ToArbitrary();

    private static Gen<KeyValuePair<string, string>> Pair() =>
        from key in Gen.Elements("a", "b", "app.kubernetes.io/name", "in")
        from value in Gen.Elements("1", "22", "x", "notin")
        select KeyValuePair.Create(key, value);

    private static Arbitrary<SelectorRequirement[]> Requirements() => (
        from pair in Pair()
        from other in Gen.Elements("1", "y")
        from @operator in Gen.Elements(SelectorOperator.In, SelectorOperator.NotIn, SelectorOperator.Exists, SelectorOperator.DoesNotExist, SelectorOperator.GreaterThan)
        select @operator switch
        {
            SelectorOperator.Exists or SelectorOperator.DoesNotExist => new SelectorRequirement(pair.Key, @operator, []),
            SelectorOperator.GreaterThan => new SelectorRequirement(pair.Key, @operator, ["5"]),
            _ => new SelectorRequirement(pair.Key, @operator, LabelSelector.Sorted([pair.Value, other])),
        }).ArrayOf().ToArbitrary();
}
