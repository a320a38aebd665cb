using ClusterSim.Access;
using ClusterSim.Access.Rbac;
using ClusterSim.Client;
using ClusterSim.Controllers.Access;
using ClusterSim.Machinery;
using ClusterSim.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClusterSim.Tests.Access;

internal sealed class StartTests
{
    [Test]
    public void Every_default_role_and_binding_is_there_after_the_start_and_installing_again_changes_nothing()
    {
        var store = new VersionedStore();
        DefaultAccess.Install(store, TimeProvider.System, new Randomness(1));
        var revision = store.Revision;

        DefaultAccess.Install(store, TimeProvider.System, new Randomness(1));

        Assert.That(store.Revision, Is.EqualTo(revision));
        Assert.That((store.Current(RbacResources.ClusterRoles).Count, store.Current(RbacResources.ClusterRoleBindings).Count,
            store.Current(RbacResources.Roles).Count, store.Current(RbacResources.RoleBindings).Count), Is.EqualTo((70, 51, 7, 7)));
    }

    [Test]
    public void The_recorded_aggregated_roles_are_what_the_controller_would_make_of_them()
    {
        using var cluster = new AccessCluster();
        var roles = cluster.Store.Current(RbacResources.ClusterRoles);
        var rules = new PolicyRuleCache();

        Assert.Multiple(() =>
        {
            foreach (var name in (string[])["admin", "edit", "view"])
                Assert.That(ClusterRoleAggregationController.Aggregated(roles.Find(new(null, name))!, roles, rules), Is.EqualTo(rules.RulesOf(roles.Find(new(null, name))!)), name);
        });
    }

    [Test]
    public async Task A_role_that_is_labelled_joins_the_aggregated_one()
    {
        using var cluster = new AccessCluster();
        var quiescence = new Quiescence();
        await using var informers = new Informers(cluster.Server, quiescence);
        var client = cluster.As(UserInfo.Controller(ClusterRoleAggregationController.Account));
        await using var controller = new ClusterRoleAggregationController(new ControllerContext(
            client, informers, new EventRecorder(cluster.Admin, "test", null, cluster.Clock), cluster.Clock, new Randomness(1), quiescence, NullLogger.Instance));
        informers.Start();
        controller.Start();
        var asked = new AccessAttributes(new UserInfo("ann", ["viewers"]), "list", new("example.com", "things"));
        cluster.Create("""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","roleRef":{"kind":"ClusterRole","name":"view"},"subjects":[{"kind":"Group","name":"viewers"}]}""", null, "viewers");
        Assert.That(cluster.Access.Authorizer.IsAllowed(asked, out _), Is.False);

        cluster.Create("""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","rules":[{"apiGroups":["example.com"],"resources":["things"],"verbs":["list"]}]}""",
            null, "things", ("rbac.authorization.k8s.io/aggregate-to-view", "true"));

        Assert.That(() => cluster.Access.Authorizer.IsAllowed(asked, out _), Is.True.After(10_000, 10));
    }
}
