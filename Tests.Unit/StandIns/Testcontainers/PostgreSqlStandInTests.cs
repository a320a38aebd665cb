using Testcontainers.PostgreSql;

namespace Testcontainers.Tests;

[TestFixture]
internal sealed class PostgreSqlStandInTests
{
    [Test]
    public void It_refuses_by_the_members_name_and_says_what_has_it()
    {
        if (typeof(PostgreSqlBuilder).Assembly.GetType("Testcontainers.PostgreSql.StandIn") is null)
            Assert.Ignore("the real Testcontainers.PostgreSql is used");

        Assert.That(() => new PostgreSqlBuilder("postgres:18.1-alpine"), Throws.TypeOf<NotSupportedException>().With.Message.EqualTo(
            "Testcontainers.PostgreSql is stood in for here and has no PostgreSqlBuilder, as the NuGet feed lacks it or what it depends on (docs/packages.md): a build with -p:Packages=real has it"));
    }
}
