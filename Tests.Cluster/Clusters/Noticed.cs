using NUnit.Framework.Internal;

namespace Tests.Cluster.Clusters;

/// <summary>For tests of the tests: whether an assertion notices what was broken.</summary>
public static class Noticed
{
    /// <summary>The message an assertion fails with; fails itself where the assertion passes.</summary>
    public static async Task<string> ByAsync(Func<Task> assertion)
    {
        // Apart from this test's own result, where the expected failure would count.
        using (new TestExecutionContext.IsolatedContext())
        {
            try
            {
                await assertion();
            }
            catch (ResultStateException noticed)
            {
                return noticed.Message;
            }
        }
        throw new AssertionException("the assertion passed, though what it checks is broken");
    }
}
