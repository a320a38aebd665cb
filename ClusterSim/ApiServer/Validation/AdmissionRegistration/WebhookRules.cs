using System.Text.Json;

namespace ClusterSim.Validation.AdmissionRegistration;

/// <summary>The rules that say which requests a webhook is for.</summary>
internal static class WebhookRules
{
    private static readonly string[] Operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];

    /// <summary>One rule.</summary>
    public static void Validate(FieldErrors errors, JsonElement rule, FieldPath path)
    {
        Whole(errors, rule.At("operations"), path.Child("operations"), "operations");
        for (var i = 0; i < rule.At("operations").Count(); i++)
            if (rule.At("operations")[i].Text("") is var operation && !Operations.Contains(operation))
                errors.NotSupported(path.Child("operations").Index(i), operation, Operations);
        Whole(errors, rule.At("apiGroups"), path.Child("apiGroups"), "API groups");
        Whole(errors, rule.At("apiVersions"), path.Child("apiVersions"), "API versions");
        for (var i = 0; i < rule.At("apiVersions").Count(); i++)
            if (rule.At("apiVersions")[i].Text("").Length == 0)
                errors.Required(path.Child("apiVersions").Index(i));
        Resources(errors, rule.At("resources"), path.Child("resources"));
        if (rule.At("scope").Text() is { } scope && scope is not ("*" or "Cluster" or "Namespaced"))
            errors.NotSupported(path.Child("scope"), scope, "*", "Cluster", "Namespaced");
    }

    private static void Whole(FieldErrors errors, JsonElement list, FieldPath path, string what)
    {
        if (list.Count() == 0)
            errors.Required(path);
        if (list.Count() > 1 && list.Items().Any(item => item.Text() == "*"))
            errors.Invalid(path, list, $"if '*' is present, must not specify other {what}");
    }

    private static void Resources(FieldErrors errors, JsonElement resources, FieldPath path)
    {
        if (resources.Count() == 0)
            errors.Required(path);
        var (everySubresource, everyResource) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var (hasAll, hasStar, hasPlain) = (false, false, false);
        for (var i = 0; i < resources.Count(); i++)
        {
            var said = resources[i].Text("");
            if (said.Length == 0)
                errors.Required(path.Index(i));
            hasAll |= said == "*/*";
            hasStar |= said == "*";
            if (said.Split('/', 2) is not [var resource, var subresource])
            {
                hasPlain = said != "*";
                continue;
            }
            if (everySubresource.Contains(resource))
                errors.Invalid(path.Index(i), said, $"if '{resource}/*' is present, must not specify {said}");
            if (everyResource.Contains(subresource))
                errors.Invalid(path.Index(i), said, $"if '*/{subresource}' is present, must not specify {said}");
            if (subresource == "*")
                everySubresource.Add(resource);
            if (resource == "*")
                everyResource.Add(subresource);
        }
        if (resources.Count() > 1 && hasAll)
            errors.Invalid(path, resources, "if '*/*' is present, must not specify other resources");
        if (hasStar && hasPlain)
            errors.Invalid(path, resources, "if '*' is present, must not specify other resources without subresources");
    }
}
