
using ClusterSim.Machinery;

namespace ClusterSim.Tests.Schema;

/// <summary>Public test data of others, which is no part of this repository: in <c>UPSTREAM_DATA</c>, else in <c>../shared/upstream</c>.</summary>
internal static class UpstreamData
{
    /// <summary>Upstream's objects by name, such as <c>apps.v1.Deployment</c>; one ignored case where the data is missing.</summary>
    public static IEnumerable<TestCaseData> ApiObjects()
    {
        if (Folder("api-testdata") is not { } folder)
            return [new TestCaseData("none").Ignore("../shared/upstream/api-testdata is missing; UPSTREAM_DATA may name another folder")];
        return Directory.EnumerateFiles(folder, "*.pb").Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal).Select(name => new TestCaseData(name));
    }

    /// <summary>An object in both forms.</summary>
    public static (byte[] Json, byte[] Protobuf, GroupVersionKind Kind) ApiObject(string name)
    {
        var path = Path.Combine(Folder("api-testdata")!, name);
        var parts = name.Split('.');
        var group = string.Join('.', parts[..^2]);
        return (File.ReadAllBytes(path + ".json"), File.ReadAllBytes(path + ".pb"), new GroupVersionKind(group == "core" ? "" : group, parts[^2], parts[^1]));
    }

    /// <summary>A folder of the data; null where it is missing.</summary>
    public static string? Folder(string name)
    {
        if (Environment.GetEnvironmentVariable("UPSTREAM_DATA") is { Length: > 0 } data)
            return Directory.Exists(Path.Combine(data, name)) ? Path.Combine(data, name) : null;
        for (var at = new DirectoryInfo(TestContext.CurrentContext.TestDirectory); at is not null; at = at.Parent)
            if (Path.Combine(at.FullName, "shared", "upstream", name) is var folder && Directory.Exists(folder))
                return folder;
        return null;
    }
}
