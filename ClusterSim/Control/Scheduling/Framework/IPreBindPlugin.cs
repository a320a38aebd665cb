namespace ClusterSim.Scheduling.Framework;

/// <summary>Does what has to be done before a pod is bound.</summary>
internal interface IPreBindPlugin : IPlugin
{
    /// <summary>Returns whether there is anything to do for the pod of this cycle.</summary>
    bool PreBindPreFlight(CycleState state);

    /// <summary>Starts the work.</summary>
    void PreBind(CycleState state, string nodeName);

    /// <summary>Returns whether the work is complete. Upstream's PreBind blocks until then; here changes of volumes cause another look.</summary>
    bool IsPreBound(CycleState state);
}
