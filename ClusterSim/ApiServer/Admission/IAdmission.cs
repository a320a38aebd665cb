using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Requests;

namespace ClusterSim.Admission;

/// <summary>An object on its way into the store: <c>admission.Attributes</c>.</summary>
/// <param name="Target">Who asks for what.</param>
/// <param name="Operation">CREATE, UPDATE, DELETE or CONNECT.</param>
/// <param name="Object">The object, to change while mutating.</param>
/// <param name="Old">What it replaces; default for a creation.</param>
/// <param name="Warnings">Warnings for the writer may be added.</param>
/// <param name="DryRun">Whether nothing will be stored.</param>
internal sealed record AdmissionRequest(
    RequestTarget Target, string Operation, JsonObject? Object, JsonElement Old, ICollection<string> Warnings, bool DryRun);

/// <summary>One admission plugin. Called for every write, in the order of registration: first all <see cref="Mutate"/>, then all <see cref="Validate"/>.</summary>
internal interface IAdmission
{
    /// <summary>Changes the object. Refuses by throwing <see cref="KubernetesApiException"/>.</summary>
    void Mutate(AdmissionRequest request);

    /// <summary>Checks the object as it would be stored. Refuses by throwing <see cref="KubernetesApiException"/>.</summary>
    void Validate(AdmissionRequest request);

    /// <summary>
    /// Last before the store: allocates what only the cluster can give (addresses, ports) into the object. What was allocated to a write that
    /// then fails is found free again, since allocations are read from the stored objects.
    /// </summary>
    void Allocate(AdmissionRequest request)
    {
    }

    /// <summary>
    /// Whether <see cref="Allocate"/> has anything to do with this write: only then must it wait for its turn. Asked before it, without a lock.
    /// </summary>
    bool Allocates(AdmissionRequest request) => false;
}
