using ClusterSim;
using ClusterSim.Access;

namespace ClusterSim.Tests.Access;

internal sealed class EscalationTests
{
    private static readonly UserInfo Deputy = AccessCluster.User("deputy", "team");

    [Test]
    public void Nobody_makes_a_role_that_holds_more_than_they_do()
    {
        using var cluster = WithDeputy();

        var refusal = Assert.Throws<KubernetesApiException>(() => AccessCluster.Create(cluster.As(Deputy),
            """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","rules":[{"apiGroups":[""],"resources":["secrets","pods"],"verbs":["list","get"]},{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}""",
            "web", "more"));

        Assert.That(refusal!.Code, Is.EqualTo(403));
        Assert.That(refusal.Told, Is.EqualTo(
            "roles.rbac.authorization.k8s.io \"more\" is forbidden: user \"deputy\" (groups=[\"team\" \"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n"
            + "{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"list\"]}\n{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"list\" \"get\"]}"));
    }

    [Test]
    public void What_one_holds_one_may_pass_on()
    {
        using var cluster = WithDeputy();

        Assert.DoesNotThrow(() => AccessCluster.Create(cluster.As(Deputy),
            """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","rules":[{"apiGroups":[""],"resources":["pods"],"resourceNames":["one"],"verbs":["get"]}]}""", "web", "less"));
        Assert.DoesNotThrow(() => AccessCluster.Create(cluster.As(Deputy),
            """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","roleRef":{"kind":"Role","name":"deputy"},"subjects":[{"kind":"User","name":"ann"}]}""", "web", "pass"));
    }

    [Test]
    public void Binding_a_stronger_role_is_escalation_too_unless_one_may_bind_it()
    {
        using var cluster = WithDeputy();
        const string Admin = """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","roleRef":{"kind":"ClusterRole","name":"view"},"subjects":[{"kind":"User","name":"deputy"}]}""";

        var refusal = Assert.Throws<KubernetesApiException>(() => AccessCluster.Create(cluster.As(Deputy), Admin, "web", "stronger"));
        Assert.That(refusal!.Told, Does.StartWith("rolebindings.rbac.authorization.k8s.io \"stronger\" is forbidden: user \"deputy\" (groups="));

        cluster.Create("""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","rules":[{"apiGroups":["rbac.authorization.k8s.io"],"resources":["clusterroles"],"resourceNames":["view"],"verbs":["bind"]}]}""", null, "binder");
        cluster.Create("""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","roleRef":{"kind":"ClusterRole","name":"binder"},"subjects":[{"kind":"Group","name":"team"}]}""", null, "binder");
        Assert.DoesNotThrow(() => AccessCluster.Create(cluster.As(Deputy), Admin, "web", "stronger"));
    }

    private static AccessCluster WithDeputy()
    {
        var cluster = new AccessCluster();
        cluster.Namespace("web");
        cluster.Create("""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","rules":[
              {"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles","rolebindings"],"verbs":["create","update"]},
              {"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}
            """, "web", "deputy");
        cluster.Create("""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","roleRef":{"kind":"Role","name":"deputy"},"subjects":[{"kind":"User","name":"deputy"}]}""", "web", "deputy");
        return cluster;
    }
}
