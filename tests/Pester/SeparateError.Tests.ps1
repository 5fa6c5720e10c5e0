BeforeAll { . "$PSScriptRoot/Setup.ps1" }
AfterAll { Clear-Sandbox }

Describe 'Invoke-RemoteTask -SeparateError' -Tag Local {
    BeforeAll {
        $apart = Invoke-RemoteTask 'for i in 1 2 3; do echo "out $i"; echo "err $i" >&2; done; printf last >&2' -Id apart -SeparateError -Wait -InformationVariable shown 6>$null
    }

    It 'keeps the two apart, and the task says so' {
        $apart.SeparateError | Should -BeTrue
        Get-Content $apart.LogPath | Should -Be 'out 1', 'out 2', 'out 3'
        Get-Content $apart.ErrorLogPath | Should -Be 'err 1', 'err 2', 'err 3', 'last'
        $apart.ErrorLogPath | Should -Be ($apart.LogPath -replace '\.log$', '.error.log')
        (Invoke-RemoteTask 'true' -Wait 6>$null).SeparateError | Should -BeFalse
    }

    It 'shows both with -Wait, those of stderr with a tag of their own' {
        $lines = $shown | Where-Object Tags -Contains 'RemoteTaskLog'
        $lines | Should -HaveCount 7
        ($lines | Where-Object Tags -Contains 'RemoteTaskError' | ForEach-Object { "$($_.MessageData)" }) | Should -Be 'err 1', 'err 2', 'err 3', 'last'
        ($lines | Where-Object Tags -NotContains 'RemoteTaskError' | ForEach-Object { "$($_.MessageData)" }) | Should -Be 'out 1', 'out 2', 'out 3'
    }

    It 'gives both logs, and each entry says which it is of' {
        $log = Get-RemoteTaskLog apart
        ($log | Where-Object Stream -EQ 'Output').Text | Should -Be 'out 1', 'out 2', 'out 3'
        ($log | Where-Object Stream -EQ Error).Text | Should -Be 'err 1', 'err 2', 'err 3', 'last'
        (Get-RemoteTaskLog apart -Follow | Group-Object Stream -NoElement | Sort-Object Name | ForEach-Object Count) | Should -Be 4, 3
    }

    It 'gives one of them with -Stream, also as plain strings' {
        (Get-RemoteTaskLog apart -Stream Output).Text | Should -Be 'out 1', 'out 2', 'out 3'
        Get-RemoteTaskLog apart -Stream Error -Raw | Should -Be 'err 1', 'err 2', 'err 3', 'last'
        Get-RemoteTaskLog apart -Stream Output, Error -Raw | Should -HaveCount 7
        Get-RemoteTaskLog apart -Stream Error -Follow -Raw | Should -Be 'err 1', 'err 2', 'err 3', 'last'
        { Get-RemoteTaskLog apart -Stream Nothing } | Should -Throw
    }

    It 'counts -Tail in each' {
        Get-RemoteTaskLog apart -Tail 1 -Raw | Should -Be 'out 3', 'last'
        Get-RemoteTaskLog apart -Tail 2 -Stream Error -Raw | Should -Be 'err 3', 'last'
    }

    It 'saves both, and emits the two files' {
        $files = Save-RemoteTaskLog apart -Destination "$Sandbox/saved"
        $files | Should -HaveCount 2
        $files[0].Name | Should -BeLike 'apart.*.log'
        $files[1].Name | Should -BeLike 'apart.*.error.log'
        Get-Content $files[1] | Should -Be 'err 1', 'err 2', 'err 3', 'last'
    }

    It 'is known to a session that did not send it' {
        $null = Invoke-RemoteTask 'echo out; echo err >&2' -Id se-known -SeparateError -Wait 6>$null
        Use-NewSession
        (Get-RemoteTask se-known -HostName local).SeparateError | Should -BeTrue
        Get-RemoteTaskLog se-known -HostName local -Stream Error -Raw | Should -Be 'err'
    }

    It 'keeps both on the host with -KeepLog, and collects both before it removes them' {
        $null = Invoke-RemoteTask 'echo out; echo err >&2' -Id se-kept -SeparateError | Wait-RemoteTask
        Remove-RemoteTaskWorkspace se-kept -KeepLog -Confirm:$false
        "$Workspaces/se-kept/error" | Should -Exist
        "$Workspaces/se-kept/command" | Should -Not -Exist
        $removed = Remove-RemoteTaskWorkspace se-kept -Confirm:$false -PassThru
        "$Workspaces/se-kept" | Should -Not -Exist
        Get-Content $removed.LogPath | Should -Be 'out'
        Get-Content $removed.ErrorLogPath | Should -Be 'err'
    }

    It 'is refused for the stderr of a task that has one log for both' {
        $one = Invoke-RemoteTask 'echo out; echo err >&2' -Wait 6>$null
        { Get-RemoteTaskLog $one -Stream Error -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        Get-RemoteTaskLog $one -Stream Output -Raw | Should -Be 'out', 'err'
        (Get-RemoteTaskLog $one).Stream | Should -Be 'Output', 'Output'
    }

    It 'is another request than the same one without it' {
        $null = Invoke-RemoteTask 'echo same' -Id se-once -SeparateError -Wait 6>$null
        { Invoke-RemoteTask 'echo same' -Id se-once -ErrorAction Stop } | Should -Throw -ErrorId 'TaskConflict,*'
        (Invoke-RemoteTask 'echo same' -Id se-once -SeparateError).State | Should -Be 'Succeeded'
    }
}
