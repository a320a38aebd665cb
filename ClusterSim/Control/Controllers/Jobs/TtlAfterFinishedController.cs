using System.Globalization;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Jobs;

/// <summary>Deletes Jobs some time after they ended, with their pods (<c>pkg/controller/ttlafterfinished</c>).</summary>
internal sealed class TtlAfterFinishedController : Controller
{
    private readonly ResourceType _jobs;

    /// <summary>A controller of ended Jobs.</summary>
    public TtlAfterFinishedController(ControllerContext context)
        : base(context)
    {
        _jobs = Client.Resource("jobs", "batch");
        ForEach(_jobs);
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_jobs).Find(key) is not { IsDeleting: false } job
            || job.Spec.At("ttlSecondsAfterFinished").Integer() is not { } seconds
            || JobController.FinishedAs(job) is not { } condition
            || job.Condition(condition).At("lastTransitionTime").Time() is not { } ended)
            return null;
        var left = ended.AddSeconds(seconds) - Now;
        if (left > TimeSpan.Zero)
            return left;
        Client.Delete(_jobs, key, new DeleteOptions { PropagationPolicy = "Foreground", PreconditionUid = job.Uid });
        return null;
    }
}
