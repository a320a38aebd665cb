using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Tables;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http.Handlers;

/// <summary>Handles <c>watch</c>.</summary>
internal sealed class WatchResource(ApiServer server, ITables tables, ObjectResponse response) : IVerbHandler
{
    /// <inheritdoc/>
    public async Task HandleAsync(HttpContext context, RequestTarget target)
    {
        var media = ObjectResponse.MediaTypeOf(context, target, isStream: true);
        var options = QueryOptions.ReadList(context.Request.Query, isWatch: true);
        ResourceVersions.Parse(options.ResourceVersion);
        if (options.SendInitialEvents == true)
            await ResourceVersions.WaitAsync(server, options, context.RequestAborted);
        var include = QueryOptions.IncludeObject(context.Request.Query);
        var hasColumns = false;
        await new WatchResponse(server, context, target, options, media, document =>
        {
            switch (media.Form)
            {
                case ObjectForm.Table:
                    // Only the first event carries the columns.
                    var table = tables.Table(target.Resource, [document], include, withColumns: !hasColumns, null);
                    hasColumns = true;
                    return table.ToUtf8();
                case ObjectForm.Metadata:
                    return ObjectResponse.MetadataOf(document).ToUtf8();
                default:
                    return response.InVersion(target, document).Utf8;
            }
        }).RunAsync();
    }
}
