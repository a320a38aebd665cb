using Microsoft.Extensions.Logging;

namespace ClusterSim.Client;

/// <summary>What every controller is given.</summary>
/// <param name="Client">The API, under the controller's own service account.</param>
/// <param name="Informers">Report changes of objects.</param>
/// <param name="Events">Records events.</param>
/// <param name="Clock">The time.</param>
/// <param name="Random">The source of randomness.</param>
/// <param name="Quiescence">Knows when all controllers are idle.</param>
/// <param name="Log">The log.</param>
internal sealed record ControllerContext(
    ApiClient Client, Informers Informers, EventRecorder Events, TimeProvider Clock, Randomness Random, Quiescence Quiescence, ILogger Log);
