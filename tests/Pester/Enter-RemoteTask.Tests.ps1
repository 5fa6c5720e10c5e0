BeforeAll { . "$PSScriptRoot/Setup.ps1" }
AfterAll { Clear-Sandbox }

Describe 'Enter-RemoteTask' -Tag Local {
    It 'attaches to a task under tmux, which goes on when it is left' {
        if (-not (Get-Command tmux -ErrorAction Ignore) -or -not (Get-Command script -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'tmux or script is not here'; return }
        $task = Invoke-RemoteTask 'echo who is there; read -r line; echo "got $line"; sleep 300' -Id e-asks -Runner Tmux
        # script(1) gives another pwsh a terminal; what is typed waits for what is seen.
        $start = [System.Diagnostics.ProcessStartInfo]::new('script')
        $inside = "Import-Module '$env:RD_PESTER_MODULE'; (Enter-RemoteTask e-asks).State"
        $text = [Convert]::ToBase64String([System.Text.Encoding]::Unicode.GetBytes($inside))
        foreach ($word in '-qec', "'$((Get-Process -Id $PID).Path)' -NoProfile -NonInteractive -EncodedCommand $text", '/dev/null') { $start.ArgumentList.Add($word) }
        $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
        $start.Environment['TERM'] = 'xterm'
        $attached = [System.Diagnostics.Process]::Start($start)
        try {
            Wait-Until { tmux -S "$Workspaces/e-asks/tmux" list-clients }
            $attached.StandardInput.Write("it is me`r")
            Wait-Until { (Get-RemoteTaskLog e-asks -Raw) -match 'got it is me' }
            $shown = $attached.StandardOutput.ReadToEndAsync()
            # tmux takes keys that come within a millisecond of others for a paste: then they are typed again, as a person would.
            Wait-Until { try { $attached.StandardInput.Write("$([char]2)d") } catch [System.IO.IOException] { }; $shown.Wait(1000) }
            $shown.Result | Should -Match 'who is there'
            $shown.Result | Should -Match 'Running'
        }
        finally {
            $attached.Kill($true)
        }
        (Get-RemoteTask $task.Id).State | Should -Be 'Running'
        Stop-RemoteTask $task -Force
    }

    It 'needs a terminal, and says so where there is none' {
        if (-not (Get-Command tmux -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'tmux is not here'; return }
        $task = Invoke-RemoteTask 'sleep 300' -Id e-blind -Runner Tmux
        Invoke-OtherProcess "Enter-RemoteTask e-blind -ErrorVariable failure -ErrorAction SilentlyContinue; `$failure[0].FullyQualifiedErrorId" |
            Should -Be 'NoTerminal,RemoteDispatch.PowerShell.Tasks.EnterRemoteTaskCommand'
        Stop-RemoteTask $task -Force
    }

    It 'attaches to nothing in a runspace that nobody sits in front of' {
        if (-not (Get-Command tmux -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'tmux is not here'; return }
        $task = Invoke-RemoteTask 'sleep 300' -Id e-job -Runner Tmux
        Complete-Pipeline (Start-Pipeline 'Enter-RemoteTask e-job -ErrorVariable failure -ErrorAction SilentlyContinue; $failure[0].FullyQualifiedErrorId') |
            Should -Be 'NoTerminal,RemoteDispatch.PowerShell.Tasks.EnterRemoteTaskCommand'
        Stop-RemoteTask $task -Force
    }

    It 'has nothing to attach to in a task under another runner, and says which one has' {
        $task = Invoke-RemoteTask 'true'
        Enter-RemoteTask $task -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure[0].FullyQualifiedErrorId | Should -Be 'NoTerminal,RemoteDispatch.PowerShell.Tasks.EnterRemoteTaskCommand'
        $failure[0].CategoryInfo.Category | Should -Be 'InvalidOperation'
        "$($failure[0])" | Should -Match 'its runner is Auto'
        $failure[0].ErrorDetails.RecommendedAction | Should -Match '-Runner Tmux'
    }

    It 'has nothing to attach to in a task that has ended' {
        if (-not (Get-Command tmux -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'tmux is not here'; return }
        $task = Invoke-RemoteTask 'exit 3' -Runner Tmux | Wait-RemoteTask
        $task | Enter-RemoteTask -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        "$($failure[0])" | Should -Match 'does not run \(Failed\)'
    }

    It 'tells of a task that is not there' {
        Enter-RemoteTask nobody -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure[0].FullyQualifiedErrorId | Should -Be 'TaskNotFound,RemoteDispatch.PowerShell.Tasks.EnterRemoteTaskCommand'
    }

    It 'completes task ids of tasks to enter' {
        $null = Invoke-RemoteTask 'true' -Id e-completes
        (Get-Completion 'Enter-RemoteTask e-comp').CompletionText | Should -Be 'e-completes'
    }
}
