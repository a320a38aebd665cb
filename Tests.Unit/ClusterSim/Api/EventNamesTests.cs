using ClusterSim;
using ClusterSim.Registry;

namespace ClusterSim.Tests.Api;

public class EventNamesTests
{
    [Test]
    public void Names_are_in_the_order_of_time_even_where_time_stands_still()
    {
        var names = new EventNames(new ManualClock(new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.Zero)));

        var told = Enumerable.Range(0, 100).Select(_ => names.Next("web")).ToList();

        Assert.That(told, Is.EqualTo(told.Distinct().Order(StringComparer.Ordinal)));
        Assert.That(told, Has.All.Match("^web[.][0-9a-f]{16}$"));
    }
}
