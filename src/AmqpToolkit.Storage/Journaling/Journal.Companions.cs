using System.Runtime.ExceptionServices;

namespace AmqpToolkit.Storage.Journaling;

/// <content>Other logs that are written and synced with a batch, before it.</content>
internal sealed partial class Journal
{
    /// <summary>Syncs of other logs that run at the same time. A disk takes some of them in the time of one; more only wait there.</summary>
    private const int MostSyncs = 4;

    private void WriteCompanions(JournalBatch batch)
    {
        foreach (var companion in batch.Companions)
        {
            WriteWhenThereIsRoom(companion);
        }

        if (!batch.NeedsSync)
        {
            return;
        }

        if (batch.Companions.Count > 1)
        {
            SyncTogether(batch.Companions);
        }
        else if (batch.Companions.Count == 1)
        {
            batch.Companions[0].Sync();
        }
    }

    private void WriteWhenThereIsRoom(IJournalCompanion companion)
    {
        while (true)
        {
            bool isLast = Volatile.Read(ref _isClosing);
            try
            {
                companion.Write();
                SetFull(false);
                return;
            }
            catch (IOException error) when (DiskErrors.IsFull(error) && !isLast)
            {
                SetFull(true);
                _signal.WaitOne(FullRetryDelay);
            }
        }
    }

    /// <summary>Each is a file of its own: one after the other a commit would take as long as all their syncs.</summary>
    private static void SyncTogether(List<IJournalCompanion> companions)
    {
        int next = -1;
        var helpers = new Task[Math.Min(companions.Count, MostSyncs) - 1];
        for (int index = 0; index < helpers.Length; index++)
        {
            helpers[index] = RunAside(SyncSome);
        }

        try
        {
            SyncSome();
        }
        finally
        {
            // Whatever fails: nobody may be at a log's files when its owner is told.
            foreach (var helper in helpers)
            {
                ((IAsyncResult)helper).AsyncWaitHandle.WaitOne();
            }
        }

        foreach (var helper in helpers)
        {
            if (helper.Exception?.InnerException is { } error)
            {
                ExceptionDispatchInfo.Throw(error);
            }
        }

        void SyncSome()
        {
            for (int index = Interlocked.Increment(ref next); index < companions.Count; index = Interlocked.Increment(ref next))
            {
                companions[index].Sync();
            }
        }
    }
}
