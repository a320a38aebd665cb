using ClusterSim.Storage;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Network;

/// <summary>What the wire works with.</summary>
/// <param name="Store">Where it reads pods, Services, slices, policies and nodes: as they are at the moment of a connection.</param>
/// <param name="Options">How the network behaves.</param>
/// <param name="Clock">Time.</param>
/// <param name="Random">Chance.</param>
/// <param name="Quiescence">Who must know whether anything is under way.</param>
/// <param name="Log">Where denied connections are told (Debug) and slips (Warning).</param>
internal sealed record WireContext(
    VersionedStore Store, NetworkOptions Options, TimeProvider Clock, Randomness Random, Quiescence Quiescence, ILogger Log);
