BeforeAll { . "$PSScriptRoot/Setup.ps1" }
AfterAll { Clear-Sandbox }

Describe 'Get-RemoteTaskWorkspace' -Tag Local {
    It 'lists what is left, with path, size, age, and who sent it' {
        $task = Invoke-RemoteTask 'head -c 100000 /dev/zero' -Id ws-left -Wait 6>$null
        'exited 0 1000000000 ' | Set-Content "$Workspaces/ws-left/exit"
        $found = Get-RemoteTaskWorkspace local -Id ws-left
        $found.GetType().FullName | Should -Be 'RemoteDispatch.Tasks.RemoteTaskWorkspace'
        $found.Id, $found.HostName, $found.State, $found.IsRunning, $found.IsOrphaned | Should -Be 'ws-left', 'local', 'Succeeded', $false, $false
        $found.Path | Should -Be "$Workspaces/ws-left"
        $found.SizeBytes | Should -BeGreaterThan 100000
        $found.SizeBytes | Should -BeLessThan 200000
        $found.Age | Should -BeGreaterThan ([timespan]'3650.00:00:00')
        $found.From | Should -Match '.@.'
        $found.Task.Id | Should -Be $task.Id
        "$found" | Should -Be "local:$Workspaces/ws-left"
    }

    It 'shows size and age as people read them' {
        $null = Invoke-RemoteTask 'true' -Id ws-view -Wait 6>$null
        Get-RemoteTaskWorkspace local -Id ws-view | Out-String -Width 200 | Should -Match 'ws-view +local +Succeeded +\d+ KiB +[\d.]+m?s? .*ours'
    }

    It 'tells those of other sessions, which is orphaned here, and those that run' {
        $gate = New-Gate
        $null = Invoke-RemoteTask $gate.Wait -Id ws-other
        Use-NewSession
        $found = Get-RemoteTaskWorkspace local -Orphaned -Id 'ws-*' | Where-Object Id -EQ ws-other
        $found.IsOrphaned, $found.IsRunning, $found.State | Should -Be $true, $true, 'Running'
        $gate.Open()
    }

    It 'lists what launches that died have left, and nothing that is no workspace' {
        $null = New-Item -ItemType Directory "$Workspaces/ws-died/0123456789abcdef01234567", "$Workspaces/ws-mine"
        'x' | Set-Content "$Workspaces/ws-mine/todo", "$Workspaces/ws-file"
        $null = New-Item -ItemType SymbolicLink "$Workspaces/ws-link" -Target "$Workspaces/ws-died"
        (Get-Item "$Workspaces/ws-died").LastWriteTime = [datetime]'2020-01-01'
        $found = Get-RemoteTaskWorkspace local | Where-Object Id -In ws-died, ws-mine, ws-file, ws-link
        $found.Id, $found.State, $found.IsAbandoned | Should -Be 'ws-died', 'Pending', $true
        Remove-Item "$Workspaces/ws-link", "$Workspaces/ws-file"
        Remove-Item "$Workspaces/ws-mine", "$Workspaces/ws-died" -Recurse
    }

    It 'lists with -OlderThan what would be removed' {
        $null = 'ws-then', 'ws-now' | ForEach-Object { Invoke-RemoteTask 'true' -Id $_ -Wait 6>$null }
        'exited 0 1000000000 ' | Set-Content "$Workspaces/ws-then/exit"
        (Get-RemoteTaskWorkspace local -OlderThan 7d -Id ws-then, ws-now).Id | Should -Be 'ws-then'
    }

    It 'goes on to Remove-RemoteTaskWorkspace' {
        $null = Invoke-RemoteTask 'true' -Id ws-pipe -Wait 6>$null
        Use-NewSession
        Get-RemoteTaskWorkspace local -Id ws-pipe | Remove-RemoteTaskWorkspace -Confirm:$false
        "$Workspaces/ws-pipe" | Should -Not -Exist
    }

    It 'asks all hosts that are known here, side by side, and tells of one that is down' -Tag Fleet {
        Use-NewSession
        Add-Fleet
        Add-DispatchHost down (Get-ClosedPort) -Force
        $null = Invoke-RemoteTask 'true' h1, h2 -Id ws-many -Wait 6>$null
        $found = Get-RemoteTaskWorkspace -ErrorAction SilentlyContinue -ErrorVariable failure | Where-Object Id -EQ ws-many
        $found.HostName | Sort-Object | Should -Be 'h1', 'h2'
        $failure.Count | Should -Be 1
        $failure[0].TargetObject | Should -Be 'down'
        (Get-RemoteTaskWorkspace 'h[1-3]' -Id ws-many).HostName | Sort-Object | Should -Be 'h1', 'h2'
        Remove-DispatchHost down -Force
    }

    It 'completes hosts and task ids' {
        Add-Fleet
        (Get-Completion 'Get-RemoteTaskWorkspace h').CompletionText | Should -Contain 'h1'
        $null = Invoke-RemoteTask 'true' -Id ws-completes
        (Get-Completion 'Get-RemoteTaskWorkspace -Id ws-comp').CompletionText | Should -Be 'ws-completes'
    }
}

Describe 'A limit for workspaces' -Tag Local {
    It 'refuses a task where it is reached, and says what to do' {
        Add-DispatchHost small local -WorkspaceRoot "$Sandbox/small" -WorkspaceLimit 1MB -Force
        (Get-DispatchHost small).WorkspaceLimit | Should -Be 1MB
        $null = Invoke-RemoteTask 'head -c 2000000 /dev/zero' small -Id limit-1 -Wait 6>$null
        # As if it were long ago that they were measured.
        Remove-Item "$Sandbox/small/.usage" -ErrorAction Ignore
        Invoke-RemoteTask 'true' small -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'WorkspaceLimitReached,*'
        $failure[0].CategoryInfo.Category | Should -Be 'LimitsExceeded'
        "$($failure[0])" | Should -Match 'take [\d.]+ MiB, and the host''s limit is 1 MiB'
        $failure[0].ErrorDetails.RecommendedAction | Should -Match 'Remove-RemoteTaskWorkspace -OlderThan 7d -HostName small'
        Set-DispatchHost small -WorkspaceLimit 0
        (Get-DispatchHost small).WorkspaceLimit | Should -BeNullOrEmpty
        (Invoke-RemoteTask 'true' small -Wait 6>$null).State | Should -Be 'Succeeded'
    }

    It 'is exported and imported, as 20GB too' {
        Add-DispatchHost lim lim.example.com -WorkspaceLimit '20 GB' -Force
        Export-DispatchHost "$Sandbox/limits.csv" -Name lim
        (Import-Csv "$Sandbox/limits.csv").WorkspaceLimit | Should -Be '21474836480'
        Remove-DispatchHost lim -Force
        'Name,Address,WorkspaceLimit', 'lim,lim.example.com,20GB' | Set-Content "$Sandbox/limits.csv"
        Import-DispatchHost "$Sandbox/limits.csv"
        (Get-DispatchHost lim).WorkspaceLimit | Should -Be 20GB
        (Get-DispatchHost lim | Set-DispatchHost -PassThru -WorkspaceLimit 1GB).WorkspaceLimit | Should -Be 1GB
    }
}
