using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Core;

/// <summary>LimitRanges.</summary>
internal sealed class LimitRangeStrategy : KindStrategy
{
    private const string NotOfPods = "may not be specified when `type` is 'Pod'";

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "LimitRange");

    /// <inheritdoc/>
    public override bool AllowCreateOnUpdate => true;

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        foreach (var limit in PodSpecDefaults.Objects(@object.Ensure("spec"), "limits"))
        {
            if (limit.Text("type") != "Container")
                continue;
            // The default limit is the maximum; the default request the default limit, else the minimum.
            Fill(limit, "default", "max");
            Fill(limit, "defaultRequest", "default");
            Fill(limit, "defaultRequest", "min");
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var types = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var limit in @object.At("spec", "limits").Items())
        {
            var path = FieldPath.Of("spec", "limits").Index(index++);
            var type = limit.At("type").Text("");
            var messages = NameRules.QualifiedName(type);
            errors.InvalidEach(path.Child("type"), type, messages);
            if (messages.Count == 0 && !type.Contains('/', StringComparison.Ordinal) && type is not ("Pod" or "Container" or "PersistentVolumeClaim"))
                errors.Invalid(path.Child("type"), type, "must be a standard limit type or fully qualified");
            if (!types.Add(type))
                errors.Duplicate(path.Child("type"), type);
            Limit(errors, limit, type, path);
        }
        return errors;
    }

    private static void Fill(JsonObject limit, string target, string source)
    {
        if (limit[source] is not JsonObject amounts)
            return;
        foreach (var (name, amount) in amounts)
            if (amount is not null && limit.Ensure(target)[name] is null)
                limit.Ensure(target)[name] = amount.DeepClone();
    }

    private static void Limit(FieldErrors errors, JsonElement limit, string type, FieldPath path)
    {
        var keys = new List<string>();
        foreach (var map in (ReadOnlySpan<string>)["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"])
        {
            if (map == "maxLimitRequestRatio" && type == "PersistentVolumeClaim"
                && !limit.At("min", "storage").Exists() && !limit.At("max", "storage").Exists())
                errors.Required(path.Child("limits"), "either minimum or maximum storage value is required, but neither was provided");
            if (type == "Pod" && map is ("default" or "defaultRequest"))
            {
                if (limit.At(map).Count() > 0)
                    errors.Forbidden(path.Child(map), NotOfPods);
                continue;
            }
            foreach (var amount in limit.At(map).Fields())
            {
                var at = path.Child(map).Key(amount.Name);
                if (type is "Pod" or "Container")
                    ResourceValidation.ContainerName(errors, amount.Name, at);
                else
                    ResourceValidation.Name(errors, amount.Name, at);
                if (!keys.Contains(amount.Name))
                    keys.Add(amount.Name);
            }
        }
        foreach (var key in keys)
            Amounts(errors, limit, key, path, type == "Pod");
    }

    private static void Amounts(FieldErrors errors, JsonElement limit, string key, FieldPath path, bool isPod)
    {
        var (min, max) = (limit.At("min", key), limit.At("max", key));
        var @default = isPod ? default : limit.At("default", key);
        var request = isPod ? default : limit.At("defaultRequest", key);
        var ratio = limit.At("maxLimitRequestRatio", key);
        NotAbove(errors, min, max, path.Child("min").Key(key), min, "min value {0} is greater than max value {1}");
        var requestPath = path.Child("defaultRequest").Key(key);
        NotAbove(errors, min, request, requestPath, request, "min value {0} is greater than default request value {1}");
        NotAbove(errors, request, max, requestPath, request, "default request value {0} is greater than max value {1}");
        NotAbove(errors, request, @default, requestPath, request, "default request value {0} is greater than default limit value {1}");
        NotAbove(errors, min, @default, path.Child("default").Key(key), min, "min value {0} is greater than default value {1}");
        NotAbove(errors, @default, max, path.Child("default").Key(key), max, "default value {0} is greater than max value {1}");
        var ratioPath = path.Child("maxLimitRequestRatio").Key(key);
        if (ratio.Exists() && Amount.Of(ratio) < 1)
            errors.Invalid(ratioPath, ratio, $"ratio {Amount.Text(ratio)} is less than 1");
        if (ratio.Exists() && min.Exists() && max.Exists() && Amount.Of(min) > 0 && Amount.Of(ratio) > Amount.Of(max) / Amount.Of(min))
            errors.Invalid(ratioPath, ratio, $"ratio {Amount.Text(ratio)} is greater than max/min = {Amount.Of(max) / Amount.Of(min):F6}");
        if (!ResourceValidation.IsOvercommitAllowed(key) && @default.Exists() && request.Exists() && Amount.Of(@default) != Amount.Of(request))
            errors.Invalid(requestPath, request, $"default value {Amount.Text(@default)} must equal to defaultRequest value {Amount.Text(request)} in {key}");
    }

    private static void NotAbove(FieldErrors errors, JsonElement small, JsonElement large, FieldPath path, JsonElement shown, string message)
    {
        if (small.Exists() && large.Exists() && Amount.Of(small) > Amount.Of(large))
            errors.Invalid(path, shown, string.Format(System.Globalization.CultureInfo.InvariantCulture, message, Amount.Text(small), Amount.Text(large)));
    }
}
