using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Networking;

/// <summary>Ingresses.</summary>
internal sealed class IngressStrategy : KindStrategy
{
    private const string ClassAnnotation = "kubernetes.io/ingress.class";

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("networking.k8s.io", "v1", "Ingress");

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        @object.Ensure("spec");
        @object.Ensure("status").Ensure("loadBalancer");
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => @object["status"] = JsonBuilding.Object(("loadBalancer", new JsonObject()));

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        Spec(errors, @object.At("spec"));
        if (@object.At("metadata", "annotations") is { ValueKind: JsonValueKind.Object } annotations && annotations.At(ClassAnnotation).Text() is { } annotated
            && @object.At("spec", "ingressClassName").Text() is { } named && annotated != named)
            errors.Invalid(FieldPath.Of("annotations", ClassAnnotation), annotated, "must match `ingressClassName` when both are specified");
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        Spec(errors, @object.At("spec"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        var index = 0;
        foreach (var ingress in @object.At("status", "loadBalancer", "ingress").Items())
        {
            var path = FieldPath.Status.Child("loadBalancer", "ingress").Index(index++);
            if (ingress.At("ip").Text() is { Length: > 0 } ip)
                AddressRules.Address(errors, ip, path.Child("ip"));
            if (ingress.At("hostname").Text() is not { Length: > 0 } host)
                continue;
            errors.InvalidEach(path.Child("hostname"), host, NameRules.DnsSubdomain(host));
            if (AddressRules.Parse(host) is not null)
                errors.Invalid(path.Child("hostname"), host, "must be a DNS name, not an IP address");
        }
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old)
    {
        if (!old.Exists() && @object.At("metadata", "annotations") is { ValueKind: JsonValueKind.Object } annotations && annotations.At(ClassAnnotation).Exists())
            yield return $"annotation {GoText.Quote(ClassAnnotation)} is deprecated, please use 'spec.ingressClassName' instead";
    }

    private static void Spec(FieldErrors errors, JsonElement spec)
    {
        var path = FieldPath.Spec;
        var rules = spec.At("rules");
        if (rules.Count() == 0 && !spec.At("defaultBackend").Exists())
            errors.Invalid(path, rules, "either `defaultBackend` or `rules` must be specified");
        if (spec.At("defaultBackend").Exists())
            Backend(errors, spec.At("defaultBackend"), path.Child("defaultBackend"));
        for (var i = 0; i < rules.Count(); i++)
            Rule(errors, rules[i], path.Child("rules").Index(i));
        var index = 0;
        foreach (var tls in spec.At("tls").Items())
        {
            var at = path.Child("tls").Index(index++);
            var hosts = tls.At("hosts");
            for (var i = 0; i < hosts.Count(); i++)
                Host(errors, hosts[i].Text(""), at.Child("hosts").Index(i));
            if (tls.At("secretName").Text() is { Length: > 0 } secret)
                errors.InvalidEach(at.Child("secretName"), secret, NameRules.DnsSubdomain(secret));
        }
        if (spec.At("ingressClassName").Text() is { } name)
            errors.InvalidEach(path.Child("ingressClassName"), name, NameRules.DnsSubdomain(name));
    }

    private static void Rule(FieldErrors errors, JsonElement rule, FieldPath path)
    {
        var host = rule.At("host").Text("");
        if (host.Length > 0)
        {
            if (AddressRules.Parse(host) is not null)
                errors.Invalid(path.Child("host"), host, "must be a DNS name, not an IP address");
            Host(errors, host, path.Child("host"));
        }
        var http = rule.At("http");
        if (!http.Exists())
            return;
        var paths = http.At("paths");
        if (paths.Count() == 0)
            errors.Required(path.Child("http", "paths"));
        for (var i = 0; i < paths.Count(); i++)
            HttpPath(errors, paths[i], path.Child("http", "paths").Index(i));
    }

    private static void Host(FieldErrors errors, string host, FieldPath path) => errors.InvalidEach(
        path, host, host.Contains('*', StringComparison.Ordinal) ? NameRules.WildcardSubdomain(host) : NameRules.DnsSubdomain(host));

    private static void HttpPath(FieldErrors errors, JsonElement item, FieldPath path)
    {
        if (item.At("pathType").Text() is not { } type)
        {
            errors.Required(path.Child("pathType"), "pathType must be specified");
            return;
        }
        var value = item.At("path").Text("");
        switch (type)
        {
            case "Exact" or "Prefix":
                if (!value.StartsWith('/'))
                    errors.Invalid(path.Child("path"), value, "must be an absolute path");
                foreach (var sequence in (ReadOnlySpan<string>)["//", "/./", "/../", "%2f", "%2F"])
                    if (value.Contains(sequence, StringComparison.Ordinal))
                        errors.Invalid(path.Child("path"), value, $"must not contain '{sequence}'");
                foreach (var suffix in (ReadOnlySpan<string>)["/..", "/."])
                    if (value.EndsWith(suffix, StringComparison.Ordinal))
                        errors.Invalid(path.Child("path"), value, $"cannot end with '{suffix}'");
                break;
            case "ImplementationSpecific":
                if (value.Length > 0 && !value.StartsWith('/'))
                    errors.Invalid(path.Child("path"), value, "must be an absolute path");
                break;
            default:
                errors.NotSupported(path.Child("pathType"), type, "Exact", "ImplementationSpecific", "Prefix");
                break;
        }
        Backend(errors, item.At("backend"), path.Child("backend"));
    }

    private static void Backend(FieldErrors errors, JsonElement backend, FieldPath path)
    {
        var (resource, service) = (backend.At("resource"), backend.At("service"));
        if (resource.Exists() && service.Exists())
        {
            errors.Invalid(path, "", "cannot set both resource and service backends");
        }
        else if (resource.Exists())
        {
            IngressClassStrategy.Reference(errors, resource, path.Child("resource"));
        }
        else if (service.Exists())
        {
            var name = service.At("name").Text("");
            if (name.Length == 0)
                errors.Required(path.Child("service", "name"));
            else
                errors.InvalidEach(path.Child("service", "name"), name, NameRules.DnsLabel(name));
            var portName = service.At("port", "name").Text("");
            var number = service.At("port", "number").Integer() ?? 0;
            if (portName.Length > 0 && number != 0)
                errors.Invalid(path, "", "cannot set both port name & port number");
            else if (portName.Length > 0)
                errors.InvalidEach(path.Child("service", "port", "name"), portName, NameRules.PortName(portName));
            else if (number != 0)
                NumberRules.Port(errors, number, path.Child("service", "port", "number"));
            else
                errors.Required(path, "port name or number is required");
        }
        else
        {
            errors.Invalid(path, "", "resource or service backend is required");
        }
    }
}
