using System.Net;
using ClusterSim.Network;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Volumes;
using ClusterSim.Storage;

namespace ClusterSim.Nodes;

internal sealed partial class PodWorker
{
    private bool _sandboxWasMade;
    private bool _isInitialized;

    /// <summary>Volumes, then the sandbox, then the init containers one after the other, then the containers, as far as it goes now.</summary>
    private void Advance()
    {
        if (!Mount() || !MakeSandbox())
            return;
        if (!Initialize())
            return;
        _isInitialized = true;
        foreach (var container in _containers)
            if (container.Kind is ContainerKind.Regular or ContainerKind.Ephemeral)
            {
                Keep(container);
                KeepToMemory(container);
                if (container.IsHookPending)
                    return; // the kubelet starts the next container only when this one's postStart is done
            }
    }

    private bool Mount()
    {
        if (_mounted)
            return true;
        try
        {
            _volumes.Check();
            return _mounted = true;
        }
        catch (VolumeException missing)
        {
            Warning(null, "FailedMount", missing.Told);
            WakeIn(_mountRetry);
            _mountRetry = _mountRetry * 2 < MountRetryMax ? _mountRetry * 2 : MountRetryMax;
            return false;
        }
    }

    private bool MakeSandbox()
    {
        if (_network is not null)
            return true;
        if (_pod.Spec.At("hostNetwork").Flag(false))
        {
            Warning(null, "FailedCreatePodSandBox", "Failed to create pod sandbox: hostNetwork: true is not supported by the simulator; every pod has an address of its own");
            WakeIn(Retry());
            return false;
        }
        _network = _node.Shared.Networks.Attach(new PodIdentity(_pod.Namespace ?? "", _pod.Name, _pod.Uid, _node.Name, PodFields.HostnameOf(_pod)));
        _address = _network.Address.ToString();
        _fields = new PodFields(_pod, _address, _node.Address, _node.Options.Cpu, _node.Options.Memory);
        _volumes.Start(_fields);
        _sandboxWasMade = true;
        return true;
    }

    /// <summary>Whether every init container has completed and every sidecar has started.</summary>
    private bool Initialize()
    {
        foreach (var container in _containers)
        {
            switch (container.Kind)
            {
                case ContainerKind.Sidecar:
                    Keep(container);
                    if (!_isInitialized && !container.IsStarted)
                        return false;
                    break;
                case ContainerKind.Init when _isInitialized || container.Run?.Exit?.ExitCode == 0:
                    break;
                case ContainerKind.Init:
                    Keep(container);
                    return false;
                default:
                    break;
            }
        }
        return true;
    }

    /// <summary>Starts a container that does not run, if it is to run and its back-off is over; stops one whose image was changed.</summary>
    private void Keep(PodContainer container)
    {
        if (container.Run is { Exit: null })
        {
            if (!container.IsBeingKilled && container.ImageAsked != container.Spec.At("image").Text())
                Stop(container, $"Container {container.Name} definition changed, will be restarted", null);
            return;
        }
        if (container.Run?.Exit is not { } exit)
        {
            Start(container);
            return;
        }
        container.StopProbes();
        if (!IsRestarted(container, exit))
            return;
        if (container.BackOffTold != exit)
            container.WaitingReason = exit.Reason == StartError ? container.WaitingReason : null;
        container.BackOff ??= new CrashLoopBackOff(_node.Clock);
        var left = container.BackOff.Left(exit.FinishedAt);
        if (left <= TimeSpan.Zero)
        {
            container.BackOff.Next(exit.FinishedAt);
            Start(container);
            return;
        }
        BackOff(container, exit, left);
    }

    /// <summary>
    /// As in Kubernetes 1.36, the end is shown until the pod is looked at once more in the same wait; only then <c>CrashLoopBackOff</c>.
    /// A container that its probe had killed is looked at twice at once: after the kill, and after the end.
    /// </summary>
    private void BackOff(PodContainer container, ContainerExit exit, TimeSpan left)
    {
        Warning(container, "BackOff", $"Back-off restarting failed container {container.Name} in pod {Formatted}");
        if (container.BackOffTold == exit)
            container.Wait("CrashLoopBackOff", $"back-off {container.BackOff!.Current.ToGoString()} restarting failed container={container.Name} pod={Formatted}");
        else if (container.IsBeingKilled)
            Kick();
        container.BackOffTold = exit;
        container.IsBeingKilled = false;
        WakeIn(left);
        WakeIn(TimeSpan.FromMinutes(1) * (1 + (_node.Shared.Random.NextDouble() / 2)));
    }

    private bool IsRestarted(PodContainer container, ContainerExit exit) => container.Kind switch
    {
        ContainerKind.Sidecar => true,
        ContainerKind.Ephemeral => false,
        ContainerKind.Init => exit.ExitCode != 0 && RestartPolicy != "Never",
        _ => RestartPolicy == "Always" || (RestartPolicy == "OnFailure" && exit.ExitCode != 0),
    };

    /// <summary>Whether nothing of the pod will run again: by its restart policy all has ended, or an init container failed for good.</summary>
    private bool IsComplete()
    {
        var failedInit = _containers.Exists(one => one is { Kind: ContainerKind.Init, Run.Exit: { ExitCode: not 0 } exit } && !IsRestarted(one, exit));
        if (failedInit)
            return true;
        return _containers.TrueForAll(one => one.Kind != ContainerKind.Regular || (one.Run?.Exit is { } exit && !IsRestarted(one, exit)));
    }

    private string Formatted => $"{_pod.Name}_{_pod.Namespace}({_pod.Uid})";

    private IPAddress Address => _network!.Address;
}
