BeforeAll { . "$PSScriptRoot/Setup.ps1" }
AfterAll { Clear-Sandbox }

Describe 'Wait-RemoteTask' -Tag Local {
    It 'waits for the end, and gives the task as it ended' {
        $gate = New-Gate
        $task = Invoke-RemoteTask "$($gate.Wait); exit 5"
        $pipeline = Start-Pipeline 'Wait-RemoteTask $With.Id' @{ Id = $task.Id }
        $gate.Open()
        $ended = Complete-Pipeline $pipeline
        $ended.State | Should -Be 'Failed'
        $ended.ExitCode | Should -Be 5
    }

    It 'does not return before the end' {
        $gate = New-Gate
        $task = Invoke-RemoteTask $gate.Wait
        { Wait-RemoteTask $task -Timeout '0.3s' -ErrorAction Stop } | Should -Throw -ErrorId 'WaitTimedOut,*'
        $gate.Open()
        (Wait-RemoteTask $task).State | Should -Be 'Succeeded'
    }

    It 'returns at once where the task has ended' {
        $task = Invoke-RemoteTask 'true' -Wait 6>$null
        (Wait-RemoteTask $task.Id -Timeout '5s').State | Should -Be 'Succeeded'
    }

    It 'emits each task as it ends' {
        $late = New-Gate
        $early = New-Gate
        $tasks = (Invoke-RemoteTask $late.Wait -Id w-late), (Invoke-RemoteTask $early.Wait -Id w-early)
        $pipeline = Start-Pipeline '$With.Ids | Wait-RemoteTask' @{ Ids = $tasks.Id }
        $early.Open()
        Wait-Until { $pipeline.Output.Count -eq 1 }
        $pipeline.Output[0].Id | Should -Be 'w-early'
        $late.Open()
        (Complete-Pipeline $pipeline).Id | Should -Be 'w-early', 'w-late'
    }

    It 'makes an error of a -Timeout that is over, and the task lives on' {
        $gate = New-Gate
        $task = Invoke-RemoteTask $gate.Wait -Id w-timeout
        Wait-RemoteTask $task -Timeout '0.2s' -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -Be 'WaitTimedOut,RemoteDispatch.PowerShell.Tasks.WaitRemoteTaskCommand'
        $failure[0].CategoryInfo.Category | Should -Be 'OperationTimeout'
        $failure[0].TargetObject | Should -Be 'w-timeout'
        (Get-RemoteTask w-timeout).State | Should -Be 'Running'
        $gate.Open()
        (Wait-RemoteTask w-timeout -Timeout '20s').State | Should -Be 'Succeeded'
    }

    # KNOWN BUG: as of Invoke-RemoteTask -TimeLimit: 30s without quotes is taken for 30 ticks.
    It 'reads a -Timeout without quotes, as people type it' {
        $gate = New-Gate
        $task = Invoke-RemoteTask $gate.Wait
        $pipeline = Start-Pipeline '''ready''; Wait-RemoteTask $With.Id -Timeout 30s' @{ Id = $task.Id }
        Wait-Until { $pipeline.Output.Count -gt 0 }
        $gate.Open()
        (Complete-Pipeline $pipeline)[1].State | Should -Be 'Succeeded'
    }

    It 'gives the others where one -Timeout is over' {
        $gate = New-Gate
        $slow = Invoke-RemoteTask $gate.Wait
        $fast = Invoke-RemoteTask 'true'
        $ended = $slow, $fast | Wait-RemoteTask -Timeout '2s' -ErrorAction SilentlyContinue -ErrorVariable failure
        $ended.Id | Should -Be $fast.Id
        $failure.Count | Should -Be 1
        $gate.Open()
    }

    It 'tells of a task that is not there' {
        { Wait-RemoteTask nobody -ErrorAction Stop } | Should -Throw -ErrorId 'TaskNotFound,RemoteDispatch.PowerShell.Tasks.WaitRemoteTaskCommand'
        { Wait-RemoteTask '../x' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
    }

    It 'waits for a task that another session has sent, by its host' {
        $state = $env:REMOTE_DISPATCH_STATE_DIR
        try {
            $task = Invoke-RemoteTask 'exit 6' -Id w-other
            Use-NewSession
            (Wait-RemoteTask w-other -HostName local).ExitCode | Should -Be 6
        }
        finally {
            $env:REMOTE_DISPATCH_STATE_DIR = $state
        }
    }

    It 'stops waiting on Ctrl-C in under two seconds, and the task lives on' {
        $gate = New-Gate
        $task = Invoke-RemoteTask $gate.Wait -Id w-ctrl-c
        $pipeline = Start-Pipeline '''ready''; Wait-RemoteTask w-ctrl-c'
        Wait-Until { $pipeline.Output.Count -gt 0 }
        Stop-Pipeline $pipeline | Should -BeLessThan ([timespan]::FromSeconds(2))
        (Get-RemoteTask w-ctrl-c).State | Should -Be 'Running'
        $gate.Open()
        (Wait-RemoteTask w-ctrl-c -Timeout '20s').State | Should -Be 'Succeeded'
    }

    It 'completes task ids' {
        $null = Invoke-RemoteTask 'true' -Id w-completes
        (Get-Completion 'Wait-RemoteTask w-comp').CompletionText | Should -Be 'w-completes'
    }

    It 'waits on several hosts side by side' -Tag Fleet {
        Add-Fleet
        $gate = New-Gate
        $tasks = Invoke-RemoteTask $gate.Wait h1, h2, h3
        $pipeline = Start-Pipeline '$With.Tasks | Wait-RemoteTask' @{ Tasks = $tasks }
        $gate.Open()
        (Complete-Pipeline $pipeline).HostName | Sort-Object | Should -Be 'h1', 'h2', 'h3'
    }

    It 'waits for all tasks whose ids are like a wildcard, and for no other' {
        $gate = New-Gate
        $null = 'wl-1', 'wl-2' | ForEach-Object { Invoke-RemoteTask 'exit 3' -Id $_ }
        $null = Invoke-RemoteTask $gate.Wait -Id xl-1
        (Wait-RemoteTask 'wl-*' | Sort-Object Id).ExitCode | Should -Be 3, 3
        Wait-RemoteTask 'WL-*' | Should -BeNullOrEmpty -Because 'ids tell capitals from small letters'
        Use-NewSession
        Wait-RemoteTask 'wl-*' | Should -BeNullOrEmpty -Because 'nothing was sent from here'
        (Wait-RemoteTask 'wl-*' -HostName local | Sort-Object Id).Id | Should -Be 'wl-1', 'wl-2' -Because 'the host knows them'
        $gate.Open()
    }

    It 'copies the log of what has ended to this machine, unless it is not to' {
        $task = Wait-RemoteTask (Invoke-RemoteTask 'echo x; exit 3')
        Get-Content $task.LogPath | Should -Be 'x'
        (Wait-RemoteTask (Invoke-RemoteTask 'echo x') -NoCollect).LogPath | Should -BeNullOrEmpty
    }

    It 'warns where the log cannot be copied, and gives the task all the same' {
        $logs = $env:REMOTE_DISPATCH_LOG_DIR
        try {
            Set-Content "$Sandbox/no-log-folder" ''
            $env:REMOTE_DISPATCH_LOG_DIR = "$Sandbox/no-log-folder/logs"
            Use-NewSession
            $task = Wait-RemoteTask (Invoke-RemoteTask 'echo x; exit 3') -WarningVariable warned -ErrorVariable failed 3>$null
            $task.ExitCode | Should -Be 3
            "$warned" | Should -BeLike '*was not collected*'
            $failed | Should -BeNullOrEmpty
        } finally {
            $env:REMOTE_DISPATCH_LOG_DIR = $logs
            Use-NewSession
        }
    }
}
