namespace ClusterSim.Nodes.Files;

/// <summary>Removes folders in which others may still write or remove: programs that were killed end when they notice.</summary>
internal static class FolderRemoval
{
    private const int TriesMax = 100;

    /// <summary>Removes a folder with all in it; nothing happens where there is none.</summary>
    /// <exception cref="IOException">Something in it cannot be removed.</exception>
    public static void Remove(string folder)
    {
        for (var tries = 1; Directory.Exists(folder); tries++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException) when (tries < TriesMax || !Directory.Exists(folder))
            {
                // Something in it came or went meanwhile; each try leaves less.
            }
        }
    }
}
