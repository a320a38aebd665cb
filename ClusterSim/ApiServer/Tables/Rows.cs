using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using static ClusterSim.Tables.Cells;

namespace ClusterSim.Tables;

/// <summary>An object's cells, in the order of its kind's columns.</summary>
internal delegate JsonArray RowPrinter(JsonElement @object, DateTimeOffset now);

/// <summary>The row of each kind (<c>pkg/printers/internalversion/printers.go</c>); kinds not listed print their name and age.</summary>
internal static class Rows
{
    private static readonly Dictionary<GroupResource, RowPrinter> Printers = new()
    {
        [new("", "pods")] = PodRow.Print,
        [new("", "configmaps")] = (o, now) => [Name(o), o.At("data").Count() + o.At("binaryData").Count(), Age(o, now)],
        [new("", "secrets")] = (o, now) => [Name(o), o.At("type").Text(""), o.At("data").Count(), Age(o, now)],
        [new("", "serviceaccounts")] = (o, now) => [Name(o), Age(o, now)],
        [new("", "namespaces")] = (o, now) => [Name(o), o.At("status", "phase").Text(""), Age(o, now)],
        [new("", "services")] = NetworkRows.Service,
        [new("", "endpoints")] = NetworkRows.Endpoints,
        [new("", "events")] = EventRow.Print,
        [new("events.k8s.io", "events")] = EventRow.Print,
        [new("", "nodes")] = NodeRow.Print,
        [new("", "limitranges")] = NameAndCreation,
        [new("", "resourcequotas")] = QuotaRow.Print,
        [new("", "persistentvolumes")] = StorageRows.Volume,
        [new("", "persistentvolumeclaims")] = StorageRows.Claim,
        [new("", "replicationcontrollers")] = (o, now) => WorkloadRows.Replicas(o, now, Labels(o.At("spec", "selector"))),
        [new("", "podtemplates")] = (o, _) => [Name(o), ContainerNames(o.At("template", "spec")), Images(o.At("template", "spec")), Labels(o.At("template", "metadata", "labels"))],
        [new("", "componentstatuses")] = (o, _) => [Name(o), "Unknown", "", ""],
        [new("apps", "deployments")] = WorkloadRows.Deployment,
        [new("apps", "replicasets")] = (o, now) => WorkloadRows.Replicas(o, now, Selector(o.At("spec", "selector"))),
        [new("apps", "statefulsets")] = WorkloadRows.StatefulSet,
        [new("apps", "daemonsets")] = WorkloadRows.DaemonSet,
        [new("apps", "controllerrevisions")] = WorkloadRows.ControllerRevision,
        [new("batch", "jobs")] = WorkloadRows.Job,
        [new("batch", "cronjobs")] = WorkloadRows.CronJob,
        [new("autoscaling", "horizontalpodautoscalers")] = AutoscalerRow.Print,
        [new("policy", "poddisruptionbudgets")] = (o, now) =>
            [Name(o), OrNotAvailable(o.At("spec", "minAvailable")), OrNotAvailable(o.At("spec", "maxUnavailable")), o.At("status", "disruptionsAllowed").Integer(0), Age(o, now)],
        [new("networking.k8s.io", "networkpolicies")] = (o, now) => [Name(o), Selector(o.At("spec", "podSelector")), Age(o, now)],
        [new("networking.k8s.io", "ingresses")] = NetworkRows.Ingress,
        [new("networking.k8s.io", "ingressclasses")] = NetworkRows.IngressClass,
        [new("networking.k8s.io", "servicecidrs")] = (o, now) => [Name(o), string.Join(',', o.At("spec", "cidrs").Items().Select(cidr => cidr.Text(""))), Age(o, now)],
        [new("networking.k8s.io", "ipaddresses")] = NetworkRows.Address,
        [new("discovery.k8s.io", "endpointslices")] = NetworkRows.EndpointSlice,
        [new("rbac.authorization.k8s.io", "roles")] = NameAndCreation,
        [new("rbac.authorization.k8s.io", "clusterroles")] = NameAndCreation,
        [new("rbac.authorization.k8s.io", "rolebindings")] = AccessRows.Binding,
        [new("rbac.authorization.k8s.io", "clusterrolebindings")] = AccessRows.Binding,
        [new("certificates.k8s.io", "certificatesigningrequests")] = AccessRows.SigningRequest,
        [new("metrics.k8s.io", "nodes")] = MetricsRows.Node,
        [new("metrics.k8s.io", "pods")] = MetricsRows.Pod,
        [new("storage.k8s.io", "storageclasses")] = StorageRows.Class,
        [new("storage.k8s.io", "csidrivers")] = StorageRows.Driver,
        [new("storage.k8s.io", "csinodes")] = (o, now) => [Name(o), o.At("spec", "drivers").Count(), Age(o, now)],
        [new("storage.k8s.io", "csistoragecapacities")] = NameAndCreation,
        [new("storage.k8s.io", "volumeattachments")] = (o, now) =>
            [Name(o), o.At("spec", "attacher").Text(""), o.At("spec", "source", "persistentVolumeName").Text(""), o.At("spec", "nodeName").Text(""), o.At("status", "attached").Flag(false), Age(o, now)],
        [new("storage.k8s.io", "volumeattributesclasses")] = (o, now) => [Name(o), o.At("driverName").Text(""), Age(o, now)],
        [new("scheduling.k8s.io", "priorityclasses")] = (o, now) =>
            [Name(o), o.At("value").Integer(0), o.At("globalDefault").Flag(false), Age(o, now), o.At("preemptionPolicy").Text("")],
        [new("coordination.k8s.io", "leases")] = (o, now) => [Name(o), o.At("spec", "holderIdentity").Text(""), Age(o, now)],
        [new("node.k8s.io", "runtimeclasses")] = (o, now) => [Name(o), o.At("handler").Text(""), Age(o, now)],
        [new("apiextensions.k8s.io", "customresourcedefinitions")] = NameAndCreation,
        [new("apiregistration.k8s.io", "apiservices")] = AccessRows.ApiService,
        [new("admissionregistration.k8s.io", "validatingwebhookconfigurations")] = (o, now) => [Name(o), o.At("webhooks").Count(), Age(o, now)],
        [new("admissionregistration.k8s.io", "mutatingwebhookconfigurations")] = (o, now) => [Name(o), o.At("webhooks").Count(), Age(o, now)],
        [new("admissionregistration.k8s.io", "validatingadmissionpolicies")] = (o, now) =>
            [Name(o), o.At("spec", "validations").Count(), ParameterKind(o.At("spec", "paramKind")), Age(o, now)],
        [new("admissionregistration.k8s.io", "mutatingadmissionpolicies")] = (o, now) =>
            [Name(o), o.At("spec", "mutations").Count(), ParameterKind(o.At("spec", "paramKind")), Age(o, now)],
        [new("admissionregistration.k8s.io", "validatingadmissionpolicybindings")] = PolicyBinding,
        [new("admissionregistration.k8s.io", "mutatingadmissionpolicybindings")] = PolicyBinding,
        [new("flowcontrol.apiserver.k8s.io", "flowschemas")] = AccessRows.FlowSchema,
        [new("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations")] = AccessRows.PriorityLevel,
        [new("resource.k8s.io", "resourceclaims")] = (o, now) => [Name(o), o.At("status", "allocation").Exists() ? "allocated" : "pending", Age(o, now)],
        [new("resource.k8s.io", "resourceslices")] = (o, now) =>
            [Name(o), o.At("spec", "nodeName").Text(""), o.At("spec", "driver").Text(""), o.At("spec", "pool", "name").Text(""), Age(o, now)],
    };

    /// <summary>The printer of a resource; null where only name and age are printed.</summary>
    public static RowPrinter? Of(GroupResource resource) => Printers.GetValueOrDefault(resource);

    /// <summary>An object's name.</summary>
    public static string Name(JsonElement @object) => @object.At("metadata", "name").Text("");

    /// <summary>An integer or percentage; <c>N/A</c> where there is none.</summary>
    private static string OrNotAvailable(JsonElement value) => value.Text() ?? value.Integer()?.ToString(CultureInfo.InvariantCulture) ?? "N/A";

    private static JsonArray NameAndCreation(JsonElement o, DateTimeOffset now) => [Name(o), o.At("metadata", "creationTimestamp").Text("")];

    private static string ParameterKind(JsonElement kind) => kind.Exists() ? $"{kind.At("apiVersion").Text()}/{kind.At("kind").Text()}" : "<unset>";

    private static JsonArray PolicyBinding(JsonElement o, DateTimeOffset now)
    {
        var parameter = o.At("spec", "paramRef");
        var text = !parameter.Exists() ? "<unset>"
            : parameter.At("namespace").Text() is { } space ? $"{space}/{parameter.At("name").Text()}" : $"*/{parameter.At("name").Text()}";
        return [Name(o), o.At("spec", "policyName").Text(""), text, Age(o, now)];
    }
}
