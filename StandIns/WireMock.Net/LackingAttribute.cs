namespace WireMock;

/// <summary>Marks a member of the package that is here for its name alone: it throws, with that name. A test calls each.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LackingAttribute : Attribute;
