namespace AmqpToolkit.Storage.Files;

/// <summary>
/// What the journal asks of a folder. One implementation is the disk; another fails on purpose, so that recovery can be held against a
/// model of what a crash may leave.
/// </summary>
/// <remarks>Every member throws <see cref="IOException"/> when the system refuses; what the system hid would be lost in silence.</remarks>
internal interface IFileLayer : IDisposable
{
    /// <summary>Where the folder is, for messages to people.</summary>
    string Folder { get; }

    /// <summary>Takes the folder for this process alone, and creates it if need be.</summary>
    /// <exception cref="IOException">Another process has it, or it cannot be written; the message says which.</exception>
    void Lock();

    /// <summary>The names of the files there, in no order.</summary>
    IReadOnlyList<string> List();

    /// <summary>Creates a file. It is on the disk after <see cref="IStoreFile.Sync"/> and <see cref="SyncFolder"/>.</summary>
    IStoreFile Create(string name);

    /// <summary>Opens a file that is there.</summary>
    IStoreFile Open(string name);

    /// <summary>Gives a file another name, which must be free.</summary>
    void Rename(string name, string newName);

    /// <summary>Removes a file.</summary>
    void Delete(string name);

    /// <summary>The names of the folders there, in no order.</summary>
    IReadOnlyList<string> ListFolders();

    /// <summary>A folder in this one. One that is new is on the disk when this returns. It is not locked by itself: whoever holds this one holds it.</summary>
    IFileLayer OpenFolder(string name);

    /// <summary>Removes a folder with the files in it, if it is there.</summary>
    void DeleteFolder(string name);

    /// <summary>Waits until the names of the folder are on the disk.</summary>
    void SyncFolder();

    /// <summary>Octets that the disk still has room for.</summary>
    long FreeOctets();
}
