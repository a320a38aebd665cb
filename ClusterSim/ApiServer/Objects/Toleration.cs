using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace ClusterSim.Objects;

/// <summary>A toleration.</summary>
internal sealed record Toleration(string? Key, string Operator, string Value, string? Effect)
{
    /// <summary>Reads the tolerations of a pod.</summary>
    public static ImmutableArray<Toleration> Of(JsonElement tolerations) => [.. tolerations.Items().Select(Single)];

    /// <summary>Reads one toleration.</summary>
    public static Toleration Single(JsonElement one) => new(
        one.At("key").Text() is { Length: > 0 } key ? key : null, one.At("operator").Text("Equal"), one.At("value").Text(""),
        one.At("effect").Text() is { Length: > 0 } effect ? effect : null);

    /// <summary>Returns whether any of the tolerations tolerates the taint (<c>TolerationsTolerateTaint</c>).</summary>
    public static bool AnyTolerates(ImmutableArray<Toleration> tolerations, Taint taint)
    {
        foreach (var toleration in tolerations)
            if (toleration.Tolerates(taint))
                return true;
        return false;
    }

    /// <summary>Returns the first <c>NoSchedule</c> or <c>NoExecute</c> taint that is not tolerated, or null (<c>FindMatchingUntoleratedTaint</c>).</summary>
    public static Taint? FindMatchingUntoleratedTaint(ImmutableArray<Taint> taints, ImmutableArray<Toleration> tolerations)
    {
        foreach (var taint in taints)
            if (taint.Effect is "NoSchedule" or "NoExecute" && !AnyTolerates(tolerations, taint))
                return taint;
        return null;
    }

    /// <summary>Returns whether it tolerates the taint.</summary>
    public bool Tolerates(Taint taint)
    {
        if ((Effect is not null && Effect != taint.Effect) || (Key is not null && Key != taint.Key))
            return false;
        return Operator switch
        {
            "Exists" => true,
            "Equal" or "" => Key is not null && Value == taint.Value,
            "Lt" => Numbers(taint, out var value, out var bound) && value < bound,
            "Gt" => Numbers(taint, out var value, out var bound) && value > bound,
            _ => false,
        };
    }

    private bool Numbers(Taint taint, out long value, out long bound)
    {
        bound = 0;
        return long.TryParse(taint.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)
            && long.TryParse(Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out bound);
    }
}
