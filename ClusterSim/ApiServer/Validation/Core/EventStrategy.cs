using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Core;

/// <summary>Events of core/v1 (those of events.k8s.io are the same objects).</summary>
internal sealed class EventStrategy : KindStrategy
{
    private static readonly Dictionary<string, Func<JsonElement, string>> Fields = new(StringComparer.Ordinal)
    {
        ["involvedObject.kind"] = @event => @event.At("involvedObject", "kind").Text(""),
        ["involvedObject.namespace"] = @event => @event.At("involvedObject", "namespace").Text(""),
        ["involvedObject.name"] = @event => @event.At("involvedObject", "name").Text(""),
        ["involvedObject.uid"] = @event => @event.At("involvedObject", "uid").Text(""),
        ["involvedObject.apiVersion"] = @event => @event.At("involvedObject", "apiVersion").Text(""),
        ["involvedObject.resourceVersion"] = @event => @event.At("involvedObject", "resourceVersion").Text(""),
        ["involvedObject.fieldPath"] = @event => @event.At("involvedObject", "fieldPath").Text(""),
        ["reason"] = @event => @event.At("reason").Text(""),
        ["reportingComponent"] = @event => @event.At("reportingComponent").Text(""),
        ["source"] = @event => @event.At("source", "component").Text() is { Length: > 0 } source ? source : @event.At("reportingComponent").Text(""),
        ["type"] = @event => @event.At("type").Text(""),
    };

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "Event");

    /// <inheritdoc/>
    public override bool AllowCreateOnUpdate => true;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonElement, string>> SelectableFields => Fields;

    /// <inheritdoc/>
    public override string FieldLabel(string label, GroupVersion version)
    {
        if (version.Group.Length == 0)
            return label;
        if (label == "reportingController")
            return "reportingComponent";
        // events.k8s.io has names of its own, and not those of core.
        return label.StartsWith("regarding.", StringComparison.Ordinal) ? "involvedObject." + label["regarding.".Length..]
            : label is "reason" or "type" || label.StartsWith("metadata.", StringComparison.Ordinal) ? label
            : "events.k8s.io/" + label;
    }

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        @object.Ensure("involvedObject");
        @object.Ensure("source");
        foreach (var time in (ReadOnlySpan<string>)["firstTimestamp", "lastTimestamp", "eventTime"])
            if (!@object.ContainsKey(time))
                @object[time] = null;
        @object.Default("reportingComponent", "");
        @object.Default("reportingInstance", "");
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var involved = @object.At("involvedObject", "namespace").Text("");
        var path = FieldPath.Of("involvedObject", "namespace");
        var own = @object.At("metadata", "namespace").Text("");
        if (involved.Length == 0)
        {
            // Of something outside all namespaces: told in one of two.
            if (own is not ("default" or "kube-system"))
                errors.Invalid(path, involved, "does not match event.namespace");
        }
        else if (involved != own)
        {
            errors.Invalid(path, involved, "does not match event.namespace");
        }
        if (!@object.At("eventTime").Exists())
            return errors;
        // The newer form is held to more.
        foreach (var (field, maximum) in (ReadOnlySpan<(string, int)>)[("reportingComponent", 0), ("reportingInstance", 128), ("action", 128), ("reason", 128)])
        {
            var text = @object.At(field).Text("");
            var called = field switch { "reportingComponent" => "reportingController", _ => field };
            if (text.Length == 0)
                errors.Required(FieldPath.Of(called));
            else if (maximum == 0)
                errors.InvalidEach(FieldPath.Of(called), text, NameRules.QualifiedName(text));
            else if (text.Length > maximum)
                errors.Invalid(FieldPath.Of(called), "", $"can have at most {maximum} characters");
        }
        if (@object.At("message").Text("").Length > 1024)
            errors.Invalid(FieldPath.Of("message"), "", "can have at most 1024 characters");
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old) => Validate(@object);
}
