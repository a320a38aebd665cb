namespace Tests.Cluster.Isolation;

/// <summary>What <see cref="ReachTable"/> prints.</summary>
public sealed class ReachTableTests
{
    [Test]
    public void Every_difference_is_a_row_of_the_table()
    {
        var reached = new HashSet<string>(StringComparer.Ordinal) { "a → b", "stranger → invoices-db" };

        Assert.That(ReachTable.Differences(reached, ["a → b", "payment-provider → payments-db by name"]), Is.EqualTo("""
              connection                               expected   found
              payment-provider → payments-db by name   reached    denied
              stranger → invoices-db                   denied     reached

            """));
    }

    [Test]
    public void Without_differences_there_is_no_table() =>
        Assert.That(ReachTable.Differences(new HashSet<string>(StringComparer.Ordinal) { "a → b" }, ["a → b"]), Is.Empty);
}
