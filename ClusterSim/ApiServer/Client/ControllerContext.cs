using Microsoft.Extensions.Logging;

namespace ClusterSim.Client;

/// <summary>What a controller works with.</summary>
/// <param name="Client">The API, under the controller's own service account.</param>
/// <param name="Informers">Where it learns of changes.</param>
/// <param name="Events">Where it tells people what it did.</param>
/// <param name="Clock">Time.</param>
/// <param name="Random">Chance.</param>
/// <param name="Quiescence">Who must know that it is idle.</param>
/// <param name="Log">Where it complains.</param>
internal sealed record ControllerContext(
    ApiClient Client, Informers Informers, EventRecorder Events, TimeProvider Clock, Randomness Random, Quiescence Quiescence, ILogger Log);
