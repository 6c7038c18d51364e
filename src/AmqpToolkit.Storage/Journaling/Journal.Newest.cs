using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Journaling;

/// <content>
/// Notes which segment is the newest that has a batch on the disk, apart from the segments, so that also the last one is missed. Always behind the sync of that batch, and
/// before anybody hears that it is committed: what is noted was there, whatever the power does.
/// </content>
internal sealed partial class Journal
{
    private IStoreFile? _newestFile;

    /// <summary>The newest segment that a sync has covered. The writer's.</summary>
    private uint _syncedSegment;

    /// <summary>The newest that is noted. The writer's.</summary>
    private uint _notedSegment;
    private bool _isNotedSecond;
    private volatile Exception? _newestFailure;

    /// <summary>Why the newest segment is not noted any more; null while it is.</summary>
    public Exception? NewestFailure => _newestFailure;

    /// <summary>Called once, on the journal's thread, when it is not noted any more; must not wait.</summary>
    public Action<Exception>? NewestGivenUp { get; set; }

    /// <summary>Makes the file if it is not there. It comes to the disk with the folder, which is to be synced anyway.</summary>
    private void OpenNewest()
    {
        try
        {
            if (_files.List().Contains(NewestSegment.FileName))
            {
                _newestFile = _files.Open(NewestSegment.FileName);
                return;
            }

            _newestFile = _files.Create(NewestSegment.FileName);
            _newestFile.Write(0, new byte[NewestSegment.FileOctets]);
            _isFolderDirty = true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A disk that is full has room for no more knowledge, and a journal without it is whole.
            GiveUpNewest(error);
        }
    }

    private void NoteNewest()
    {
        if (_syncedSegment == _notedSegment || _newestFile is not { } file)
        {
            return;
        }

        try
        {
            new NewestSegment(_id, _syncedSegment).Write(file, !_isNotedSecond);
            file.Sync();
            (_notedSegment, _isNotedSecond) = (_syncedSegment, !_isNotedSecond);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Nobody waits for this, and an older note is true as well.
            GiveUpNewest(error);
        }
    }

    private void GiveUpNewest(Exception error)
    {
        _newestFile?.Dispose();
        _newestFile = null;
        _newestFailure = error;
        NewestGivenUp?.Invoke(error);
    }
}
