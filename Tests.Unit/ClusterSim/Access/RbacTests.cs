using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Access.Rbac;
using ClusterSim.Client;
using ClusterSim.Machinery;
using ClusterSim.Storage;
using FsCheck;
using FsCheck.Fluent;

namespace ClusterSim.Tests.Access;

internal sealed class RbacTests
{
    private static readonly string[] Groups = ["", "apps", "*"];
    private static readonly string[] Resources = ["pods", "pods/log", "*", "*/log", "secrets", "deployments"];
    private static readonly string[] Verbs = ["get", "list", "*"];
    private static readonly string[] Names = ["a", "b"];
    private static readonly string[] Paths = ["/healthz", "/apis/*", "*", "/version"];
    private static readonly string[] Subjects = ["u:ann", "u:bob", "g:dev", "g:ops", "s:ns1:robot"];

    public sealed record RandomRule(string[] Verbs, string[] Groups, string[] Resources, string[] Names, string[] Paths);

    public sealed record RandomBinding(string? Namespace, bool ToClusterRole, int Role, string[] Subjects);

    public sealed record RandomAccess(RandomRule[][] Roles, RandomBinding[] Bindings, RandomQuestion[] Questions);

    public sealed record RandomQuestion(string User, string[] Groups, string Verb, string? Group, string Resource, string? Subresource, string? Namespace, string? Name, string Path);

    [Test, Category(Samples.Category)]
    public void The_index_agrees_with_an_evaluator_that_reads_every_binding()
    {
        Check.One(Samples.Config(300), Prop.ForAll(Arb.From(Access()), access =>
        {
            var store = new VersionedStore();
            for (var i = 0; i < access.Roles.Length; i++)
                foreach (var @namespace in (string?[])[null, "ns1", "ns2"])
                    store.Create(@namespace is null ? RbacResources.ClusterRoles : RbacResources.Roles, new(@namespace, $"r{i}"), Role(@namespace, $"r{i}", access.Roles[i]));
            for (var i = 0; i < access.Bindings.Length; i++)
                store.Create(
                    access.Bindings[i].Namespace is null ? RbacResources.ClusterRoleBindings : RbacResources.RoleBindings,
                    new(access.Bindings[i].Namespace, $"b{i}"), Binding($"b{i}", access.Bindings[i]));
            var authorizer = new RbacAuthorizer(store);
            foreach (var question in access.Questions)
            {
                var asked = new AccessAttributes(
                    new UserInfo(question.User, question.Groups), question.Verb,
                    question.Group is null ? null : new GroupResource(question.Group, question.Resource), question.Subresource, question.Namespace, question.Name, question.Path);
                if (authorizer.IsAllowed(asked, out _) != Naive(access, question))
                    return false;
            }
            return true;
        }));
    }

    [Test]
    public void A_change_of_a_role_counts_at_once()
    {
        using var cluster = new AccessCluster();
        cluster.Namespace("web");
        var ann = AccessCluster.User("ann");
        var asked = new AccessAttributes(ann, "list", new("", "pods"), Namespace: "web");
        cluster.Create("""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","rules":[]}""", "web", "r");
        cluster.Create("""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"User","name":"ann"}]}""", "web", "b");
        Assert.That(cluster.Access.Authorizer.IsAllowed(asked, out _), Is.False);

        cluster.Admin.Change(AccessCluster.Resource("roles", RbacResources.Group), new("web", "r"), role =>
        {
            role["rules"] = JsonNode.Parse("""[{"apiGroups":[""],"resources":["pods"],"verbs":["list"]}]""");
            return true;
        });

        Assert.That(cluster.Access.Authorizer.IsAllowed(asked, out var reason), Is.True);
        Assert.That(reason, Is.EqualTo("RBAC: allowed by RoleBinding \"b/web\" of Role \"r\" to User \"ann\""));
    }

    [Test]
    public void A_binding_to_a_role_that_is_missing_is_told_with_the_refusal()
    {
        using var cluster = new AccessCluster();
        cluster.Create("""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","roleRef":{"kind":"ClusterRole","name":"ghost"},"subjects":[{"kind":"User","name":"ann"}]}""", null, "b");

        var refusal = Assert.Throws<KubernetesApiException>(() => cluster.As(AccessCluster.User("ann")).Snapshot(AccessCluster.Resource("nodes")));

        Assert.That(refusal!.Told, Is.EqualTo(
            "nodes is forbidden: User \"ann\" cannot list resource \"nodes\" in API group \"\" at the cluster scope: RBAC: clusterrole.rbac.authorization.k8s.io \"ghost\" not found"));
    }

    [Test]
    public void The_anonymous_see_health_and_version_and_nothing_else()
    {
        using var cluster = new AccessCluster();

        Assert.Multiple(() =>
        {
            foreach (var path in (string[])["/healthz", "/livez", "/readyz", "/version"])
                Assert.That(cluster.Access.Authorizer.IsAllowed(new(UserInfo.Anonymous, "get", null, Path: path), out _), Is.True, path);
            foreach (var path in (string[])["/api", "/apis", "/openapi/v2", "/openid/v1/jwks", "/metrics", "/"])
                Assert.That(cluster.Access.Authorizer.IsAllowed(new(UserInfo.Anonymous, "get", null, Path: path), out _), Is.False, path);
        });
    }

    [Test]
    public void A_kubelet_reads_the_secrets_of_its_own_pods_only()
    {
        using var cluster = new AccessCluster();
        cluster.Namespace("web");
        cluster.Create("""{"apiVersion":"v1","kind":"Pod","spec":{"nodeName":"n1","containers":[{"name":"c","image":"i","env":[{"name":"P","valueFrom":{"secretKeyRef":{"name":"db","key":"p"}}}]}]}}""", "web", "p");
        var secret = new GroupResource("", "secrets");

        Assert.Multiple(() =>
        {
            Assert.That(May("n1", "get", "db"), Is.True);
            Assert.That(May("n2", "get", "db"), Is.False);
            Assert.That(May("n1", "get", "other"), Is.False);
            Assert.That(May("n1", "list", null), Is.False);
            Assert.That(May("n1", "update", "db"), Is.False);
        });

        bool May(string node, string verb, string? name) =>
            cluster.Access.Authorizer.IsAllowed(new(UserInfo.Node(node), verb, secret, Namespace: "web", Name: name), out _);
    }

    [Test]
    public void The_parts_of_the_cluster_may_do_their_work_and_nobody_else_may()
    {
        using var cluster = new AccessCluster();
        var master = new AccessAttributes(UserInfo.ApiServer, "get", new("", "pods"), Namespace: "web", Name: "p");
        var controller = new AccessAttributes(UserInfo.Controller("deployment-controller"), "update", new("apps", "deployments"), "status", "web", "p");
        var node = new AccessAttributes(UserInfo.Node("n1"), "update", new("", "pods"), "status", "web", "p");
        var nobody = new AccessAttributes(AccessCluster.User("nobody"), "get", new("", "pods"), Namespace: "web", Name: "p");

        Assert.That(((AccessAttributes[])[master, controller, node, nobody]).Select(asked => cluster.Access.Authorizer.IsAllowed(asked, out _)), Is.EqualTo((bool[])[true, true, true, false]));
    }

    private static Gen<RandomAccess> Access()
    {
        var rule =
            from verbs in Some(Verbs)
            from groups in Some(Groups)
            from resources in Some(Resources)
            from names in Gen.Frequency((3, Gen.Constant(Array.Empty<string>())), (1, Some(Names)))
            from paths in Some(Paths)
            from isPath in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
            select isPath ? new RandomRule(verbs, [], [], [], paths) : new RandomRule(verbs, groups, resources, names, []);
        var binding =
            from @namespace in Gen.Elements(null, "ns1", "ns2")
            from cluster in Gen.Elements(true, false)
            from role in Gen.Choose(0, 3)
            from subjects in Some(Subjects)
            select new RandomBinding(@namespace, cluster || @namespace is null, role, subjects);
        var question =
            from user in Gen.Elements("ann", "bob", "system:serviceaccount:ns1:robot", "eve")
            from groups in Gen.Elements<string[]>([], ["dev"], ["ops", "dev"])
            from verb in Gen.Elements("get", "list", "delete")
            from @group in Gen.Elements(null, "", "apps")
            from resource in Gen.Elements("pods", "secrets", "deployments")
            from subresource in Gen.Elements(null, "log", "status")
            from @namespace in Gen.Elements(null, "ns1", "ns2")
            from name in Gen.Elements(null, "a", "b")
            from path in Gen.Elements("/healthz", "/apis/x", "/version", "/other")
            select new RandomQuestion(user, groups, verb, @group, resource, subresource, @namespace, name, path);
        return
            from roles in rule.ArrayOf(2).ArrayOf(3)
            from bindings in binding.ArrayOf(5)
            from questions in question.ArrayOf(20)
            select new RandomAccess(roles, bindings, questions);

        static Gen<string[]> Some(string[] from) => Gen.SubListOf(from).Select(list => list.ToArray());
    }

    // Straight from the documentation: go through every binding, every subject, every rule. Role 3 does not exist.
    private static bool Naive(RandomAccess access, RandomQuestion question) => access.Bindings.Any(binding =>
        binding.Role < access.Roles.Length
        && (binding.Namespace is null || (question.Group is not null && binding.Namespace == question.Namespace))
        && binding.Subjects.Any(subject => subject[0] switch
        {
            'u' => subject[2..] == question.User,
            'g' => question.Groups.Contains(subject[2..]),
            _ => $"system:serviceaccount:{subject[2..]}" == question.User,
        })
        && access.Roles[binding.Role].Any(rule =>
        {
            if (!rule.Verbs.Contains("*") && !rule.Verbs.Contains(question.Verb))
                return false;
            if (question.Group is null)
                return rule.Paths.Any(path => path == question.Path || (path.EndsWith('*') && question.Path.StartsWith(path[..^1], StringComparison.Ordinal)));
            var full = question.Subresource is null ? question.Resource : $"{question.Resource}/{question.Subresource}";
            return (rule.Groups.Contains("*") || rule.Groups.Contains(question.Group))
                && rule.Resources.Any(resource => resource == "*" || resource == full || (question.Subresource is not null && resource == $"*/{question.Subresource}"))
                && (rule.Names.Length == 0 || (question.Name is not null && rule.Names.Contains(question.Name)));
        }));

    private static JsonObject Role(string? @namespace, string name, RandomRule[] rules) => new()
    {
        ["kind"] = @namespace is null ? "ClusterRole" : "Role",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = @namespace },
        ["rules"] = new JsonArray([.. rules.Select(rule => new JsonObject
        {
            ["verbs"] = Texts(rule.Verbs), ["apiGroups"] = Texts(rule.Groups), ["resources"] = Texts(rule.Resources),
            ["resourceNames"] = Texts(rule.Names), ["nonResourceURLs"] = Texts(rule.Paths),
        })]),
    };

    private static JsonObject Binding(string name, RandomBinding binding) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = binding.Namespace },
        ["roleRef"] = new JsonObject { ["kind"] = binding.ToClusterRole ? "ClusterRole" : "Role", ["name"] = $"r{binding.Role}" },
        ["subjects"] = new JsonArray([.. binding.Subjects.Select(subject => subject.Split(':') switch
        {
            ["u", var user] => new JsonObject { ["kind"] = "User", ["name"] = user },
            ["g", var group] => new JsonObject { ["kind"] = "Group", ["name"] = group },
            [_, var @namespace, var account] => new JsonObject { ["kind"] = "ServiceAccount", ["name"] = account, ["namespace"] = @namespace },
            var other => throw new InvalidOperationException(string.Join(':', other)),
        })]),
    };

    private static JsonArray Texts(IEnumerable<string> values) => new([.. values.Select(value => (JsonNode)value)]);
}
