using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Broker.Host;

/// <summary>The files of a folder that is held already, and stays so.</summary>
internal sealed class HeldFiles(IFileLayer files) : IFileLayer
{
    public string Folder => files.Folder;

    public void Lock()
    {
        // It is.
    }

    public IReadOnlyList<string> List() => files.List();

    public IStoreFile Create(string name) => files.Create(name);

    public IStoreFile Open(string name) => files.Open(name);

    public void Rename(string name, string newName) => files.Rename(name, newName);

    public void Delete(string name) => files.Delete(name);

    public void SyncFolder() => files.SyncFolder();

    public long FreeOctets() => files.FreeOctets();

    public IReadOnlyList<string> ListFolders() => files.ListFolders();

    public IFileLayer OpenFolder(string name) => files.OpenFolder(name);

    public void DeleteFolder(string name) => files.DeleteFolder(name);

    public void Dispose()
    {
        // Not ours.
    }
}
